import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { type Customer, CustomerTime } from '@app/customers';
import { grouped, invalidField, totalOf } from '@app/kernel';
import { Database, isQueryTimeout } from '@app/platform';
import { NO_ENTITY } from '../domain/entity-meter.js';
import { UsageEntitiesRepository } from '../counting/usage-entities.repository.js';
import { UsageRollupsRepository, type SeriesRequest } from './usage-rollups.repository.js';
import { type CustomerStep, MAX_STEPS, type Span, spanOf, tooManySteps } from '../domain/series.js';
import { UsageSeriesRepository } from './usage-series.repository.js';
import type { CountedStep, SummedStep, TotalledStep, UsageStep } from './series-steps.js';

/** The usage of one customer of one feature over time. */
export interface UsageSeries extends Span<CustomerStep> {
  feature: string;
  timezone: string;
  /** Units in all steps. A sum beyond 2^53-1 is shown as 2^53-1. */
  total: number;
  data: UsageStep[];
}

/** One feature of a product, for one customer, or for one of its entities. */
export interface SeriesSubject {
  customer: Customer;
  product: string;
  feature: string;
  /** Name of the entity. */
  entity?: string;
}

/** The usage of one feature by all customers. */
export interface FeatureUsage {
  /** Key of the feature. */
  feature: string;
  quantity: number;
  records: number;
  data: CountedStep[];
}

/** The usage of a product by all customers. */
export interface ProductUsage extends Span {
  /** Everything recorded before this instant is included. */
  asOf: Date;
  features: FeatureUsage[];
}

/**
 * Safety margin in ms. Entries recorded less than 60 s ago are not rolled up: any transaction older than that has
 * committed or hit statement_timeout, and the rest of the margin covers clock skew. Measured from the last time a
 * worker saw the database respond, not from now, because a database that was frozen still commits work queued before.
 */
const SAFETY_MARGIN_MS = 60_000;
/** How often a worker stores that the database responds. */
const RESPONSE_INTERVAL_MS = 10_000;
/**
 * How much of the ledger one statement rolls up, in ms of recording time. Doubled after each statement that takes less
 * than `FAST_MS`; a quarter after each failure.
 */
const FIRST_STRETCH_MS = 60_000;
const MIN_STRETCH_MS = 1_000;
const MAX_STRETCH_MS = 32 * 86_400_000;
const FAST_MS = 500;
/** A request that reads more ledger entries than this marks the ledger as long. */
const LONG_LEDGER_ENTRIES = 20_000;
/** The most ledger entries that one statement adds to a customer's rollup. */
const ROLLUP_BATCH = 20_000;
/** How far a customer's rollup may be behind before it is updated. */
const ROLLUP_LAG_MS = 60_000;

/** Usage over time: of one customer from its ledger, of all customers of a product from a rollup that jobs update. */
@Injectable()
export class UsageSeriesService {
  private stretchMs = FIRST_STRETCH_MS;

  constructor(
    private readonly series: UsageSeriesRepository,
    private readonly rollups: UsageRollupsRepository,
    private readonly entities: UsageEntitiesRepository,
    private readonly catalog: CatalogReader,
    private readonly time: CustomerTime,
    private readonly database: Database,
  ) {}

  /**
   * The usage of one customer, by hour, day or month of its time zone, or by the windows of its limit. The default is
   * the last 30 days, by day. Above 20,000 entries a worker builds a rollup of the ledger from then on; the
   * usage of an entity is read without it.
   * @throws DomainError `product_not_found`, `feature_not_found`, `invalid_fields`
   * @example
   * const { total, data } = await series.ofCustomer({ customer, product: 'api', feature: 'calls' }, { by: 'hour' });
   */
  async ofCustomer(
    { customer, product: productKey, feature: featureKey, entity }: SeriesSubject,
    requested: Partial<Span<CustomerStep>>,
  ): Promise<UsageSeries> {
    const product = await this.catalog.getProduct(productKey);
    const feature = await this.catalog.getFeature(product.id, featureKey);
    const span = spanOf(requested, await this.time.of(customer));
    const { timezone } = customer;
    const { from, to, by } = span;
    if (entity !== undefined && by === 'window') throw invalidField('entity', 'must not be combined with by=window');
    const request = {
      customerId: customer.id,
      featureId: feature.id,
      entityId: await this.entityId(customer, entity),
      from,
      to,
    };
    const steps = by === 'window' ? await this.windowsOf(request) : await this.stepsOf({ ...request, timezone, by });
    const data = steps.map(({ start, quantity }) => ({ start, quantity }));
    return { feature: feature.key, ...span, timezone, total: steps[0]?.total ?? 0, data };
  }

  /**
   * The usage of all customers of a product, by hour, day or month in UTC, up to `asOf`. The hours of `from` and `to`
   * count as a whole. Customers of test clocks never count.
   * @throws DomainError `product_not_found`, `feature_not_found`, `invalid_fields`
   * @example
   * const { asOf, features } = await series.ofProduct({ product: 'api' }, { by: 'day' });
   */
  async ofProduct(
    { product: productKey, feature: featureKey }: { product: string; feature?: string },
    requested: Partial<Span>,
  ): Promise<ProductUsage> {
    const product = await this.catalog.getProduct(productKey);
    const feature = featureKey === undefined ? null : await this.catalog.getFeature(product.id, featureKey);
    const span = spanOf(requested, this.time.real());
    const { asOf, steps } = await this.series.ofProduct({
      productId: product.id,
      featureId: feature?.id ?? null,
      ...span,
    });
    const features = [...grouped(steps, (step) => step.feature)].map(([key, own]) => ({
      feature: key,
      quantity: own[0]!.total,
      records: totalOf(own, 'records'),
      data: own.map(({ start, quantity, records }) => ({ start, quantity, records })),
    }));
    return { asOf, ...span, features };
  }

  /** Includes usage recorded from `at` on in the first rollup, which begins with the first product otherwise. */
  async beginRollup(at: Date): Promise<void> {
    await this.database.transaction(() => this.series.begin(at));
  }

  /**
   * Rolls up the next stretch of all ledgers, unless another instance does. @returns true while there is more
   * @example
   * while (await series.rollUpNext());
   */
  async rollUpNext(): Promise<boolean> {
    const began = performance.now();
    try {
      const more = await this.database.transaction(() => this.rollUpStretch());
      if (!more) this.stretchMs = FIRST_STRETCH_MS;
      else if (performance.now() - began < FAST_MS) this.stretchMs = Math.min(MAX_STRETCH_MS, this.stretchMs * 2);
      return more;
    } catch (error) {
      // It may have hit statement_timeout: the next stretch is shorter.
      this.stretchMs = Math.max(MIN_STRETCH_MS, this.stretchMs / 4);
      throw error;
    }
  }

  /**
   * Adds entries to the customer rollup that is furthest behind. @returns true while there is more
   * @example
   * while (await series.rollUpLongLedger());
   */
  async rollUpLongLedger(): Promise<boolean> {
    const until = await this.series.rolledUpUntil();
    if (!until) return false;
    return this.database.transaction(async () => {
      const ledger = await this.rollups.lockNext({ until, dueBefore: new Date(until.getTime() - ROLLUP_LAG_MS) });
      if (ledger) await this.rollups.addNext(ledger, { until, limit: ROLLUP_BATCH });
      return ledger !== null;
    });
  }

  private async windowsOf(request: Omit<SeriesRequest, 'by' | 'timezone'>): Promise<TotalledStep[]> {
    const windows = await this.rollups.readWindows(request, MAX_STEPS + 1);
    return windows.length > MAX_STEPS ? tooManySteps() : windows;
  }

  /** Null: the usage of the customer. An entity that was never named has no usage. */
  private async entityId(customer: Customer, entity: string | undefined): Promise<string | null> {
    return entity === undefined ? null : ((await this.entities.idOf(customer.id, entity)) ?? NO_ENTITY);
  }

  private async stepsOf(request: SeriesRequest): Promise<SummedStep[]> {
    // A rollup does not know entities.
    if (request.entityId !== null) return this.rollups.readEntries(request);
    if (await this.rollups.isRolledUp(request.customerId)) return this.rollups.readRollup(request);
    const markLong = () => this.database.transaction(() => this.rollups.markLong(request.customerId));
    try {
      const steps = await this.rollups.readEntries(request);
      if (totalOf(steps, 'records') > LONG_LEDGER_ENTRIES) await markLong();
      return steps;
    } catch (error) {
      if (isQueryTimeout(error)) await markLong();
      throw error;
    }
  }

  private async rollUpStretch(): Promise<boolean> {
    const progress = await this.series.lockProgress();
    if (!progress) return false;
    const now = this.time.real().getTime();
    const [since, respondedAt] = [progress.until.getTime(), progress.respondedAt?.getTime() ?? 0];
    const until = Math.min(respondedAt - SAFETY_MARGIN_MS, since + this.stretchMs);
    if (until > since) {
      await this.series.add({ since: progress.until, until: new Date(until) });
      await this.series.saveProgress({ ...progress, until: new Date(until) });
      return true;
    }
    if (now - respondedAt >= RESPONSE_INTERVAL_MS)
      await this.series.saveProgress({ ...progress, respondedAt: new Date(now) });
    return false;
  }
}
