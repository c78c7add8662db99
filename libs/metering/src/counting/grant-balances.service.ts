import { Injectable } from '@nestjs/common';
import { type Customer, CustomerTime } from '@app/customers';
import type { Grant, GrantOfFeature } from '@app/entitlements';
import { type Page, type PageRequest, toPage, totalOf } from '@app/kernel';
import { PipelinedDatabase } from '@app/platform';
import { accrueGrants, type GrantState } from '../domain/burn-down.js';
import { type GrantStatus, grantStatus } from '../domain/grant-status.js';
import { CountersRepository } from './counters.repository.js';
import { CurrentMeters } from './current-meters.js';
import { type GrantBurn, LedgerRepository } from './ledger.repository.js';

/** A grant with the units that are left of it now. Counts are units. */
export interface BalancedGrant extends GrantOfFeature {
  /** Units that can be burnt now; 0 unless the grant is active. */
  balance: number;
  /** Units burnt so far, in all recurrences, less those returned by corrections. */
  burnt: number;
  status: GrantStatus;
}

/** The grants of one feature at one instant: balances, and overage covered since the counter was stored. */
interface FeatureGrants {
  states: GrantState[];
  covered: { grantId: string; quantity: number }[];
}

/** Balances of grants: the same that a decision on the feature adds up at the same instant. */
@Injectable()
export class GrantBalances {
  constructor(
    private readonly meters: CurrentMeters,
    private readonly counters: CountersRepository,
    private readonly ledger: LedgerRepository,
    private readonly pipeline: PipelinedDatabase,
    private readonly time: CustomerTime,
  ) {}

  /**
   * Adds balance, burnt units and status to grants of one customer and product, at the customer's present.
   * @throws DomainError `customer_not_found`, `product_not_found`
   * @example
   * const [grant] = await balances.of(customer, 'api', [await grants.give({ customer, product: 'api', ... })]);
   */
  async of(customer: Customer, product: string, grants: GrantOfFeature[]): Promise<BalancedGrant[]> {
    if (grants.length === 0) return [];
    const now = await this.time.of(customer);
    const features = new Map(grants.map(({ featureId, feature }) => [featureId, feature]));
    const [burns, read] = await Promise.all([
      this.ledger.burntByGrant(customer.id, [...features.keys()]),
      this.read(customer.id, product, [...features.values()], now),
    ]);
    const stored = new Map(burns.map(({ grantId, quantity }) => [grantId, quantity]));
    const states = new Map(read.flatMap((feature) => feature.states.map((state) => [state.grant.id, state])));
    return grants.map((grant): BalancedGrant => {
      const left = states.get(grant.id)?.balance ?? 0;
      const status = grantStatus(grant, left, now);
      const covered = read.flatMap((feature) => feature.covered.filter(({ grantId }) => grantId === grant.id));
      const burnt = (stored.get(grant.id) ?? 0) + totalOf(covered, 'quantity');
      return { ...grant, balance: status === 'active' ? left : 0, burnt, status };
    });
  }

  /**
   * One page of the ledger entries that burnt units of a grant or returned them, newest first.
   * @example
   * const { data } = await balances.burns(grant, { limit: 20, after: null });
   */
  async burns({ customerId, featureId, id }: Grant, page: PageRequest): Promise<Page<GrantBurn>> {
    return toPage(await this.ledger.burnsOfGrant({ customerId, featureId, grantId: id }, page), page.limit);
  }

  private async read(customerId: string, product: string, features: string[], now: Date): Promise<FeatureGrants[]> {
    const { readings, unmetered } = await this.meters.read({ customerId, product, features, now });
    const metered = readings.map(({ meter, covered, closing }) => ({
      states: meter.grants,
      covered: [...covered, ...(closing?.covered ?? [])],
    }));
    return [...metered, { states: await this.accrued(unmetered, now), covered: [] }];
  }

  /** Grants of features that the customer cannot use now: no window is open, so only fillings are applied. */
  private async accrued(grants: Grant[], now: Date): Promise<GrantState[]> {
    if (grants.length === 0) return [];
    const rows = await this.pipeline.onConnection((connection) => this.counters.balances(connection, grants));
    const stored = new Map(rows.map((row) => [row.grantId, row]));
    const states = grants.map((grant): GrantState => {
      const row = stored.get(grant.id);
      return { grant, balance: row?.balance ?? 0, accruedUntil: row?.accruedUntil ?? null };
    });
    return accrueGrants(states, now, 0).grants;
  }
}
