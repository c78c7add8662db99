import { Injectable } from '@nestjs/common';
import {
  earliestOpening,
  type Entitlement,
  EntitlementsService,
  EntitlementSnapshots,
  memoizedWindows,
  opensWithUse,
  withOpenedWindows,
} from '@app/entitlements';
import { CustomerTime } from '@app/customers';
import { invalidField, notFound, periodAt, totalOf } from '@app/kernel';
import type { GrantState } from '../domain/burn-down.js';
import { isActive } from '../domain/burn-down.js';
import { allowanceOf, check, type Decision } from '../domain/decide.js';
import { FOR_EVER, unusedMeter } from '../domain/meter.js';
import type { UsageScope } from '../metering.service.js';
import { LedgerRepository } from './ledger.repository.js';

/** Decides as of an earlier instant: from the terms sold by then and the usage recorded by then. */
@Injectable()
export class HistoricalDecisions {
  constructor(
    private readonly snapshots: EntitlementSnapshots,
    private readonly entitlements: EntitlementsService,
    private readonly ledger: LedgerRepository,
    private readonly time: CustomerTime,
  ) {}

  /**
   * Decides on one unit of a feature, as of `at`.
   * @throws DomainError `feature_not_found`, `customer_not_found`, `history_not_kept`
   * @throws DomainError `invalid_fields` if `at` is in the future
   * @example
   * const { allowed } = await history.check({ customer, product: 'api', feature: 'calls' }, new Date('2031-01-10'));
   */
  async check(
    { customer, product, feature, entity }: UsageScope & { feature: string; entity?: string },
    at: Date,
  ): Promise<Decision> {
    const snapshot = await this.snapshotAt(customer.id, at);
    const derived = await this.entitlements.resolveAt(snapshot, product, feature, at);
    const entitlement = opensWithUse(derived) ? await this.withOpenedWindow(customer.id, derived, at) : derived;
    const allowance = allowanceOf(entitlement, memoizedWindows(entitlement.schedule!));
    const question = { customer: customer.key, quantity: 1, now: at, entity };
    if (!allowance || entitlement.denied) return check({ entitlement, allowance: null, meter: null }, question);
    const key = {
      customerId: customer.id,
      featureId: entitlement.feature.id,
      windowStart: entitlement.window?.start ?? FOR_EVER,
    };
    const [counted, { grants, fromGrants }, ofEntity] = await Promise.all([
      this.ledger.usageAt(key, at),
      this.grantsAt(entitlement, key, at),
      entity === undefined ? null : this.ledger.usageOfEntityAt(key, entity, at),
    ]);
    return check(
      {
        entitlement,
        allowance,
        entity: ofEntity && { id: '', latestAt: null, ...ofEntity },
        meter: { ...unusedMeter(allowance, [], at), ...counted, windowStart: key.windowStart, fromGrants, grants },
      },
      question,
    );
  }

  /**
   * Decides on one unit of every feature that the customer had at `at`. @throws DomainError as `check`
   * @example
   * const decisions = await history.checkAll({ customer, product: 'api' }, new Date('2031-01-10'));
   */
  async checkAll(scope: UsageScope, at: Date): Promise<Decision[]> {
    const snapshot = await this.snapshotAt(scope.customer.id, at);
    const features = await this.entitlements.featureKeys(snapshot, scope.product, at);
    return Promise.all(features.map((feature) => this.check({ ...scope, feature }, at)));
  }

  private async snapshotAt(customerId: string, at: Date) {
    const snapshot = await this.snapshots.findAt(customerId, at);
    if (!snapshot) throw notFound('customer');
    if (at > (await this.time.of(snapshot.customer))) throw invalidField('at', 'must not be in the future');
    return snapshot;
  }

  private async withOpenedWindow(customerId: string, entitlement: Entitlement, at: Date): Promise<Entitlement> {
    const stored = await this.ledger.newestOpenedAt(
      {
        customerId,
        featureId: entitlement.feature.id,
        windowName: entitlement.schedule!.name,
        since: earliestOpening(entitlement.schedule!, at),
      },
      at,
    );
    return withOpenedWindows(entitlement, { stored: stored ? [stored] : [], uses: [], now: at });
  }

  private async grantsAt(
    { grants }: Entitlement,
    { customerId, featureId, windowStart }: { customerId: string; featureId: string; windowStart: Date },
    at: Date,
  ): Promise<{ grants: GrantState[]; fromGrants: number }> {
    if (grants.length === 0) return { grants: [], fromGrants: 0 };
    const burns = await this.ledger.burnsAt(customerId, featureId, at);
    const fromGrants = totalOf(
      burns.filter((burn) => burn.windowStart.getTime() === windowStart.getTime()),
      'quantity',
    );
    const states = grants.map((grant): GrantState => {
      const since = grant.recurrence ? lastFilledAt(grant, at) : grant.effectiveAt;
      const burnt = totalOf(
        burns.filter((burn) => burn.grantId === grant.id && burn.recordedAt >= since),
        'quantity',
      );
      return { grant, balance: isActive(grant, at) ? Math.max(0, grant.quantity - burnt) : 0, accruedUntil: at };
    });
    return { grants: states, fromGrants };
  }
}

/** When a recurring grant was last filled. */
function lastFilledAt({ recurrence, effectiveAt, timezone }: Entitlement['grants'][number], at: Date): Date {
  const { anchor, interval, count } = recurrence!;
  const { start } = periodAt({ anchor, interval, count, timeZone: timezone }, at);
  return start > effectiveAt && start >= anchor ? start : effectiveAt;
}
