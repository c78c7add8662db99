import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { type Customer, CustomerTime } from '@app/customers';
import { grouped, totalOf } from '@app/kernel';
import { Database, isCutShort } from '@app/platform';
import { UsageRollupsRepository, type LedgerQuestion } from './usage-rollups.repository.js';
import { type Span, spanOf } from '../domain/series.js';
import { UsageSeriesRepository } from './usage-series.repository.js';
import type { CountedStep, UsageStep } from './series-steps.js';

export interface UsageSeries extends Span {
  feature: string;
  timezone: string;
  total: number;
  data: UsageStep[];
}

/** All usage of a feature, by its key. */
export interface FeatureUsage {
  feature: string;
  quantity: number;
  records: number;
  data: CountedStep[];
}

export interface ProductUsage extends Span {
  /** All that was recorded until then is in it. */
  asOf: Date;
  features: FeatureUsage[];
}

/**
 * Who records something is done with it sooner, or ended by the database; the rest is for the clocks of several machines. A database
 * that stood still finishes what it was sent before: so it counts back from when it was last seen at work, a while ago. Milliseconds.
 */
const ALL_THERE_AFTER = 60_000;
const LOOK_EVERY = 10_000;
/** How much one statement sums up, in milliseconds of the ledger: more and more while there is more and that is quick, in milliseconds of work. */
const FIRST = 60_000;
const SHORTEST = 1_000;
const LONGEST = 32 * 86_400_000;
const QUICK = 500;
/** Lines: whoever asks for more of one ledger than this has it summed up from now on. */
const LONG = 20_000;
/** Lines that one statement adds to the sums of one ledger. */
const CHUNK = 20_000;
/** So far behind are the sums of one ledger when it is their turn. Milliseconds. */
const TURN = 60_000;

/** What was used over time: by one customer, as its ledger stands; by all of a product, as far as that is summed up. Jobs make the sums. */
@Injectable()
export class UsageSeriesService {
  private stretch = FIRST;

  constructor(
    private readonly usage: UsageSeriesRepository,
    private readonly ledgers: UsageRollupsRepository,
    private readonly catalog: CatalogReader,
    private readonly time: CustomerTime,
    private readonly database: Database,
  ) {}

  /** By step of the customer's zone. @throws DomainError `invalid_fields` */
  async ofCustomer(
    { customer, product: productKey, feature: featureKey }: { customer: Customer; product: string; feature: string },
    asked: Partial<Span>,
  ): Promise<UsageSeries> {
    const product = await this.catalog.getProduct(productKey);
    const feature = await this.catalog.getFeature(product.id, featureKey);
    const span = spanOf(asked, await this.time.of(customer));
    const { timezone } = customer;
    const steps = await this.stepsOf({ customerId: customer.id, featureId: feature.id, timezone, ...span });
    const data = steps.map(({ start, quantity }) => ({ start, quantity }));
    return { feature: feature.key, ...span, timezone, total: totalOf(data, 'quantity'), data };
  }

  /** By step in UTC, the hours of `from` and `to` as a whole. @throws DomainError `invalid_fields` */
  async ofProduct(
    { product: productKey, feature: featureKey }: { product: string; feature?: string },
    asked: Partial<Span>,
  ): Promise<ProductUsage> {
    const product = await this.catalog.getProduct(productKey);
    const feature = featureKey === undefined ? null : await this.catalog.getFeature(product.id, featureKey);
    const span = spanOf(asked, this.time.real());
    const { asOf, steps } = await this.usage.ofProduct({
      productId: product.id,
      featureId: feature?.id ?? null,
      ...span,
    });
    const features = [...grouped(steps, (step) => step.feature)].map(([key, own]) => ({
      feature: key,
      quantity: totalOf(own, 'quantity'),
      records: totalOf(own, 'records'),
      data: own.map(({ start, quantity, records }) => ({ start, quantity, records })),
    }));
    return { asOf, ...span, features };
  }

  /** Sums up the next stretch of the ledger, unless another process is at it. @returns true while there is more */
  async sumUp(): Promise<boolean> {
    const began = performance.now();
    try {
      const more = await this.database.transaction(() => this.sumUpStretch());
      if (!more) this.stretch = FIRST;
      else if (performance.now() - began < QUICK) this.stretch = Math.min(LONGEST, this.stretch * 2);
      return more;
    } catch (error) {
      // Cut by a limit of the database, perhaps: the next one is shorter.
      this.stretch = Math.max(SHORTEST, this.stretch / 4);
      throw error;
    }
  }

  /** Adds to the sums of the long ledger that has waited longest. @returns true while there is more */
  async sumUpLongLedger(): Promise<boolean> {
    const until = await this.usage.summedUntil();
    if (!until) return false;
    return this.database.transaction(async () => {
      const ledger = await this.ledgers.lockNext({ until, turn: new Date(until.getTime() - TURN) });
      if (ledger) await this.ledgers.addNext(ledger, { until, limit: CHUNK });
      return ledger !== null;
    });
  }

  private async stepsOf(asked: LedgerQuestion): Promise<CountedStep[]> {
    if (await this.ledgers.isSummedUp(asked.customerId)) return this.ledgers.readSums(asked);
    const markLong = () => this.database.transaction(() => this.ledgers.markLong(asked.customerId));
    try {
      const steps = await this.ledgers.readLines(asked);
      if (totalOf(steps, 'records') > LONG) await markLong();
      return steps;
    } catch (error) {
      if (isCutShort(error)) await markLong();
      throw error;
    }
  }

  private async sumUpStretch(): Promise<boolean> {
    const sums = await this.usage.lockSums();
    if (!sums) return false;
    const now = this.time.real().getTime();
    const [since, looked] = [sums.until.getTime(), sums.lookedAt?.getTime() ?? 0];
    const until = Math.min(looked - ALL_THERE_AFTER, since + this.stretch);
    if (until > since) {
      await this.usage.add({ since: sums.until, until: new Date(until) });
      await this.usage.save({ ...sums, until: new Date(until) });
      return true;
    }
    if (now - looked >= LOOK_EVERY) await this.usage.save({ ...sums, lookedAt: new Date(now) });
    return false;
  }
}
