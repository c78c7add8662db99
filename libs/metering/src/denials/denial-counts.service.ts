import { type BeforeApplicationShutdown, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { Clock, DomainError, invalidField } from '@app/kernel';
import { Database } from '@app/platform';
import type { Decision } from '../domain/decide.js';
import { DenialCountsRepository, type DenialRow, type NewDenials } from './denial-counts.repository.js';

const FLUSH_MS = 60_000;
const DEFAULT_MS = 30 * 86_400_000;
const RETENTION_MS = 400 * 86_400_000;

/** The product of a denied decision, by its key. */
export interface Denied {
  product: string;
}

/** A span in steps; left out: the last 30 days by day. */
export interface DenialSpan {
  from?: Date;
  to?: Date;
  by?: 'hour' | 'day';
}

/**
 * Denied decisions by product, feature, reason and hour. A decision adds to a number in memory; the numbers are stored
 * once a minute, under the hour in which they are stored. Numbers of a process that is killed are lost.
 */
@Injectable()
export class DenialCounts implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('DenialCounts');
  /** By product, feature and reason. */
  private counts = new Map<string, number>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly repository: DenialCountsRepository,
    private readonly catalog: CatalogReader,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.flush();
  }

  /** Counts a denied decision, in real time also for a customer on a test clock. */
  note({ product }: Denied, { feature, reason }: Decision): void {
    this.add(`${product} ${feature} ${reason}`, 1);
  }

  /** Stores what was counted since the last flush. After a failure the next flush stores it. */
  async flush(): Promise<void> {
    if (this.counts.size === 0) return;
    const counted = this.counts;
    this.counts = new Map();
    try {
      const denials = await Promise.all(
        [...counted].map(async ([name, count]) => {
          const [product, feature, reason] = name.split(' ') as [string, string, string];
          return { productId: await this.productId(product), feature, reason, count };
        }),
      );
      const hour = new Date(this.clock.now().setUTCMinutes(0, 0, 0));
      const stored = denials.filter((denial): denial is NewDenials => denial.productId !== null);
      await this.database.inSeparateTransaction(() => this.repository.add(stored, hour));
    } catch (error) {
      for (const [name, count] of counted) this.add(name, count);
      this.logger.debug(`Failed to store the counts of denials; will retry: ${String(error)}`);
    }
  }

  /**
   * Denials of a product in a span. Steps are in UTC; the first and the last hour count as a whole.
   * @throws DomainError `product_not_found`, `invalid_fields`
   * @example const { rows } = await denials.ofProduct({ product: 'api' }, { by: 'day' });
   */
  async ofProduct(
    { product, feature }: { product: string; feature?: string },
    span: DenialSpan,
  ): Promise<{ from: Date; to: Date; rows: DenialRow[] }> {
    const { id: productId } = await this.catalog.getProduct(product);
    const to = span.to ?? new Date(this.clock.now().getTime() + 1);
    const from = span.from ?? new Date(to.getTime() - DEFAULT_MS);
    if (from >= to) throw invalidField('from', 'must be before "to"');
    const query = { productId, feature: feature ?? null, from, to, by: span.by ?? 'day' };
    return { from, to, rows: await this.repository.list(query) };
  }

  /** Deletes a batch of counts that are older than 400 days. @returns the number of rows */
  purge(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - RETENTION_MS);
    return this.database.transaction(() => this.repository.purge(before));
  }

  /** Null: the product was archived since. */
  private async productId(key: string): Promise<string | null> {
    try {
      return (await this.catalog.getProduct(key)).id;
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'not_found') return null;
      throw error;
    }
  }

  private add(name: string, count: number): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }
}
