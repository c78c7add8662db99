import { Injectable } from '@nestjs/common';
import { CustomerTime, type Customer } from '@app/customers';
import { EntitlementsService, EntitlementSnapshots } from '@app/entitlements';
import type { Page, PageRequest } from '@app/kernel';
import { isCounted } from '../domain/decide.js';
import { FOR_EVER } from '../domain/meter.js';
import { throwNotMetered } from '../domain/usage-command.js';
import type { UsageSubject } from '../metering.service.js';
import { CheckReader } from './check-reader.js';
import { EntityCountersRepository } from './entity-counters.repository.js';
import { HistoricalDecisions } from './historical-decisions.js';
import { type EntityCount, UsageEntitiesRepository } from './usage-entities.repository.js';

/** The count of one entity, and what its limit leaves. */
export interface EntityUsage extends EntityCount {
  /** The most units of each entity by the present terms; null: only the customer has a limit. */
  limit: number | null;
  remaining: number | null;
}

/** The usage of a customer's entities, such as seats by member or storage by project. */
@Injectable()
export class UsageEntitiesService {
  constructor(
    private readonly snapshots: EntitlementSnapshots,
    private readonly entitlements: EntitlementsService,
    private readonly checks: CheckReader,
    private readonly history: HistoricalDecisions,
    private readonly entities: UsageEntitiesRepository,
    private readonly counters: EntityCountersRepository,
    private readonly time: CustomerTime,
  ) {}

  /**
   * One page of the entities that use a feature in the current window, or in the window that contains `at`; the first
   * named one first. Without a live subscription: none. Where the feature counts distinct values: the values.
   * @throws DomainError `customer_not_found`, `product_not_found`, `feature_not_found`, `feature_not_metered`
   * @throws DomainError `invalid_fields` if `at` is in the future, `history_not_kept`
   * @example
   * const { data } = await entities.list({ customer, product: 'api', feature: 'seats' }, { limit: 20, after: null });
   */
  async list(subject: UsageSubject & { customer: Customer }, page: PageRequest, at?: Date): Promise<Page<EntityUsage>> {
    const { customer, product, feature: key } = subject;
    const snapshot = await this.snapshots.snapshotOf(customer, 'fresh');
    const { feature, terms } = await this.entitlements.resolve(snapshot, product, key);
    if (!isCounted(feature.type)) throwNotMetered(feature);
    const windowStart = await this.windowStart(subject, at);
    if (!windowStart) return { data: [], hasMore: false };
    const counter = { customerId: customer.id, featureId: feature.id, windowStart };
    const { data, hasMore } = await this.entities.list(counter, page, await this.time.of(customer));
    const limit = terms?.type === 'metered' ? (terms.entityLimit ?? null) : null;
    return { data: data.map((count) => ({ ...count, ...leftOf(count, limit) })), hasMore };
  }

  /**
   * Erases the names of a customer's entities and distinct values, which may be personal data. Usage stays, under ids.
   * Needs a transaction.
   * @example
   * await entities.eraseNames(customerId);
   */
  async eraseNames(customerId: string): Promise<void> {
    await this.counters.eraseNames(customerId);
  }

  /** The window that a decision shows. Null: nothing is counted. */
  private async windowStart(subject: UsageSubject, at: Date | undefined): Promise<Date | null> {
    const { windowStart } = await (at
      ? this.history.check(subject, at)
      : this.checks.check({ ...subject, quantity: 1 }));
    if (windowStart === undefined) return null;
    return windowStart === null ? FOR_EVER : new Date(windowStart);
  }
}

function leftOf({ used, reserved }: EntityCount, limit: number | null): Pick<EntityUsage, 'limit' | 'remaining'> {
  return { limit, remaining: limit === null ? null : Math.max(0, limit - used - reserved) };
}
