import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { EventPublisher, type PublishedEvent } from '@app/events';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import { BillingRun, BillingStep } from './billing-run.service.js';
import { mayMoveRevenue, revenueMovements } from './domain/revenue-movement.js';
import { type CustomerRevenue, RevenueRepository } from './revenue.repository.js';

/** Customers per batch of a history. */
const BATCH = 500;
/**
 * Wait before a history is read, in milliseconds: longer than other instances keep the settings of a product cached, so
 * that no event is published without a movement after its customer was read.
 */
const SETTINGS_KNOWN_MS = 5_000;

/**
 * Stores the movements of recurring revenue of billed products: of each subscription event in the transaction that
 * publishes it, and of earlier events when billing is switched on. Exactly once per event, in any order.
 */
@Injectable()
export class RevenueRecorder extends BillingStep implements OnModuleInit {
  constructor(
    private readonly revenue: RevenueRepository,
    private readonly catalog: CatalogReader,
    private readonly publisher: EventPublisher,
    private readonly run: BillingRun,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  onModuleInit(): void {
    this.publisher.subscribe((events) => this.record(events));
    this.run.register(this);
  }

  /** Reads the next customers of a product whose billing was switched on. */
  override runDue(): Promise<number> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const backfill = await this.revenue.lockBackfill(now);
      if (!backfill) return 0;
      const customers = await this.revenue.ofProduct(backfill, BATCH);
      await this.store(customers);
      const afterCustomerId = customers.at(-1)?.customerId ?? backfill.afterCustomerId;
      await this.revenue.saveBackfill(
        { productId: backfill.productId, afterCustomerId },
        customers.length < BATCH ? now : null,
      );
      return 1;
    });
  }

  override async runOnClock(): Promise<number> {
    return 0;
  }

  override async nextOnClock(): Promise<null> {
    return null;
  }

  private async record(events: PublishedEvent[]): Promise<void> {
    const switchedOn = events.filter(isSwitchedOn).flatMap(({ productIds }) => productIds);
    if (switchedOn.length > 0)
      await this.revenue.startBackfills(
        [...new Set(switchedOn)],
        new Date(this.clock.now().getTime() + SETTINGS_KNOWN_MS),
      );
    const billed = await this.billedAmong(events);
    const moving = billed.size === 0 ? [] : events.filter((event) => movesRevenueOf(billed, event));
    if (moving.length > 0) await this.store(await this.revenue.ofEvents(moving.map(({ id }) => id)));
  }

  private async store(customers: CustomerRevenue[]): Promise<void> {
    await this.revenue.insert(
      customers.flatMap(({ customerId, productId, testClockId, histories }) =>
        revenueMovements(histories).map((movement) => ({ ...movement, customerId, productId, testClockId })),
      ),
    );
  }

  /** The billed ones of the products of subscription events. */
  private async billedAmong(events: PublishedEvent[]): Promise<Set<string>> {
    const ids = new Set(events.filter(isOfSubscription).flatMap(({ productIds }) => productIds));
    const billed = new Set<string>();
    for (const id of ids) if (await this.catalog.billingOf(id)) billed.add(id);
    return billed;
  }
}

const isOfSubscription = ({ type }: PublishedEvent): boolean => type.startsWith('subscription.');

const isSwitchedOn = ({ type, before, after }: PublishedEvent): boolean =>
  type === 'product.billing_changed' && !before?.['billing'] && Boolean(after?.['billing']);

const movesRevenueOf = (billed: Set<string>, event: PublishedEvent): boolean =>
  isOfSubscription(event) && event.productIds.some((id) => billed.has(id)) && mayMoveRevenue(event.before, event.after);
