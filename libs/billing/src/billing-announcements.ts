import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { EventPublisher, type PublishedEvent } from '@app/events';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import { BilledSubscriptionsRepository, USAGE_FACTS, type UsageFact } from './billed-subscriptions.repository.js';
import { MEMORY_MS } from './usage-charges.service.js';

/**
 * Makes subscriptions due for billing when they have a new event, or earlier usage changed. Products that are not
 * billed cost no statement.
 */
@Injectable()
export class BillingAnnouncements implements OnModuleInit {
  constructor(
    private readonly publisher: EventPublisher,
    private readonly positions: BilledSubscriptionsRepository,
    private readonly catalog: CatalogReader,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.publisher.subscribe((events) => this.announce(events));
  }

  /**
   * Notes changes of usage on a test clock that are not published yet, before the clock advances.
   * @example await announcements.noteOnClock(clock.id);
   */
  noteOnClock(clockId: string): Promise<void> {
    return this.database.transaction(async () =>
      this.positions.noteFacts(await this.positions.unpublishedFacts(clockId), MEMORY_MS),
    );
  }

  private async announce(events: PublishedEvent[]): Promise<void> {
    await this.noteFacts(events.filter(({ type }) => (USAGE_FACTS as readonly string[]).includes(type)));
    const billed: PublishedEvent[] = [];
    for (const event of events)
      if (event.subject.type === 'subscription' && (await this.isBilled(event.productIds))) billed.push(event);
    if (billed.length === 0) return;
    await this.positions.announce(
      billed.map(({ subject, sequence, at }) => ({ subscriptionId: subject.id, sequence, at })),
      this.clock.now(),
    );
  }

  private async noteFacts(events: PublishedEvent[]): Promise<void> {
    const facts: UsageFact[] = [];
    for (const { subject, productIds, at, after } of events) {
      const billed = await Promise.all(productIds.map((id) => this.isBilled([id])));
      const windowStart = after?.['windowStart'];
      if (billed.includes(true))
        facts.push({
          customerId: subject.id,
          productIds,
          at,
          windowStart: typeof windowStart === 'string' ? new Date(windowStart) : null,
        });
    }
    await this.positions.noteFacts(facts, MEMORY_MS);
  }

  private async isBilled([productId]: string[]): Promise<boolean> {
    return productId !== undefined && (await this.catalog.billingOf(productId)) !== null;
  }
}
