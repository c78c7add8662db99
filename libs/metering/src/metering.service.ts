import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import type { Customer } from '@app/customers';
import { type Entitlement, EntitlementsService } from '@app/entitlements';
import { type Actor, Clock, DomainError, invalidField } from '@app/kernel';
import { Database } from '@app/platform';
import { check, decide, type Decision, hardLimit, isCounted, NO_USAGE, type Question, type Usage } from './domain/decide.js';
import { type CounterKey, type SeriesStep, UsageRepository } from './usage.repository.js';

/** One customer and one feature of a product, by their keys. */
export interface UsageSubject {
  customer: Customer;
  product: string;
  feature: string;
}

export interface Consumption extends UsageSubject {
  /** Units, 1 or more. */
  quantity: number;
  actor: Actor;
  properties?: object;
}

export interface UsageSeries {
  feature: string;
  by: SeriesStep;
  from: Date;
  to: Date;
  timezone: string;
  total: number;
  data: { start: Date; quantity: number }[];
}

/** Counters without a window count from here. */
const FOR_EVER = new Date(0);
const DEFAULT_SERIES_MS = 30 * 86_400_000;
const MAX_SERIES_STEPS = 2_000;
const STEP_MS: Record<SeriesStep, number> = { hour: 3_600_000, day: 86_400_000, month: 28 * 86_400_000 };

/** Answers what a customer may do, and counts what it does. */
@Injectable()
export class MeteringService {
  constructor(
    private readonly entitlements: EntitlementsService,
    private readonly catalog: CatalogReader,
    private readonly usage: UsageRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** May this customer? Counts nothing. @throws DomainError `product_not_found`, `feature_not_found` */
  async check(subject: UsageSubject & { quantity: number }): Promise<Decision> {
    const entitlement = await this.entitlements.entitlement(subject.customer, subject.product, subject.feature);
    return this.decisionOn(subject.customer, entitlement, subject.quantity);
  }

  /** The same for several features at once, in their order. */
  async checkMany(customer: Customer, product: string, features: string[]): Promise<Decision[]> {
    const entitlements = await this.entitlements.entitlements(customer, product, features);
    return Promise.all(entitlements.map((entitlement) => this.decisionOn(customer, entitlement, 1)));
  }

  /** A decision for everything that the customer's plan says. */
  async checkAll(customer: Customer, product: string): Promise<Decision[]> {
    const entitlements = await this.entitlements.all(customer, product);
    return Promise.all(entitlements.map((entitlement) => this.decisionOn(customer, entitlement, 1)));
  }

  /**
   * Counts the units if, and only if, they are allowed: the counter is held from before the decision until both are written.
   * @throws DomainError `feature_not_found`, `feature_not_metered`
   */
  consume(request: Consumption): Promise<Decision> {
    return this.database.transaction(async () => {
      const { customer, quantity } = request;
      const entitlement = await this.entitlements.entitlement(customer, request.product, request.feature);
      refuseUncounted(entitlement);
      const key = counterKey(customer, entitlement);
      const now = this.clock.now();
      const usage = entitlement.denied ? NO_USAGE : await this.withRecent(entitlement, key, await this.usage.lockCounter(key), now);
      const { decision, counted } = decide(entitlement, usage, { customer: customer.key, quantity, now });
      if (counted > 0) {
        const { actor, properties = null } = request;
        await this.usage.count({ ...key, quantity: counted, hardLimit: hardLimit(entitlement.terms), at: now, actor, properties });
      }
      return decision;
    });
  }

  /** Takes units back that are held no longer, never more than were used. */
  giveBack({ customer, product, feature, quantity, actor }: Consumption): Promise<void> {
    return this.database.transaction(async () => {
      const entitlement = await this.entitlements.entitlement(customer, product, feature);
      refuseUncounted(entitlement);
      const key = counterKey(customer, entitlement);
      const { used } = await this.usage.lockCounter(key);
      const returned = Math.min(quantity, used);
      if (returned > 0) await this.usage.count({ ...key, quantity: -returned, hardLimit: null, at: this.clock.now(), actor, properties: null });
    });
  }

  /** What was used over time, by step of the customer's zone. `to` is exclusive. @throws DomainError `invalid_fields` */
  async series(subject: UsageSubject, span: { from?: Date; to?: Date; by?: SeriesStep }): Promise<UsageSeries> {
    const { customer } = subject;
    const product = await this.catalog.getProduct(subject.product);
    const feature = await this.catalog.getFeature(product.id, subject.feature);
    const to = span.to ?? this.clock.now();
    const from = span.from ?? new Date(to.getTime() - DEFAULT_SERIES_MS);
    const by = span.by ?? 'day';
    if (from >= to) throw invalidField('from', 'must be before "to"');
    if ((to.getTime() - from.getTime()) / STEP_MS[by] > MAX_SERIES_STEPS) throw invalidField('by', `gives more than ${MAX_SERIES_STEPS} steps; ask for a shorter span or longer steps`);
    const { timezone } = customer;
    const data = await this.usage.series({ customerId: customer.id, featureId: feature.id, from, to, by, timezone });
    return { feature: feature.key, by, from, to, timezone, total: data.reduce((sum, { quantity }) => sum + quantity, 0), data };
  }

  private async decisionOn(customer: Customer, entitlement: Entitlement, quantity: number): Promise<Decision> {
    const now = this.clock.now();
    const question: Question = { customer: customer.key, quantity, now };
    if (entitlement.denied || !isCounted(entitlement.feature.type)) return check(entitlement, NO_USAGE, question);
    const key = counterKey(customer, entitlement);
    return check(entitlement, await this.withRecent(entitlement, key, await this.usage.findCounter(key), now), question);
  }

  private async withRecent({ terms }: Entitlement, key: CounterKey, counter: { used: number; reserved: number }, now: Date): Promise<Usage> {
    const rate = terms?.type === 'metered' ? terms.rateLimit : undefined;
    const recent = rate ? await this.usage.usedSince(key.customerId, key.featureId, new Date(now.getTime() - rate.windowSeconds * 1_000)) : 0;
    return { ...counter, recent };
  }
}

function counterKey(customer: Customer, { feature, window }: Entitlement): CounterKey {
  return { customerId: customer.id, featureId: feature.id, windowStart: window?.start ?? FOR_EVER };
}

function refuseUncounted({ feature }: Entitlement): void {
  if (!isCounted(feature.type)) {
    throw new DomainError('invalid', 'feature_not_metered', `The feature is ${feature.type}: there is nothing to count.`, {
      errors: [{ field: 'feature', message: 'is not counted' }],
    });
  }
}
