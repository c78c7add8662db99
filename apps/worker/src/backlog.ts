import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DeliveriesService } from '@app/deliveries';
import { Clock } from '@app/kernel';
import { EventPublisher } from '@app/events';
import { Metrics } from '@app/platform';
import { DueSubscriptionsService, SubscriptionStats } from '@app/subscriptions';

const EVERY_MS = 5_000;

/** Measures what waits for the workers, and how many subscriptions there are, when the metrics are read; seldom enough to cost nothing. */
@Injectable()
export class Backlog implements OnModuleInit {
  constructor(
    private readonly publisher: EventPublisher,
    private readonly time: DueSubscriptionsService,
    private readonly deliveries: DeliveriesService,
    private readonly numbers: SubscriptionStats,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    const { outboxLag, sweepLag, deliveryLag, subscriptions } = this.metrics;
    this.every(async () => outboxLag.set(this.secondsSince(await this.publisher.oldestWaiting())));
    this.every(async () => sweepLag.set(this.secondsSince(await this.time.oldestDue())));
    this.every(async () => deliveryLag.set(this.secondsSince(await this.deliveries.oldestDue())));
    this.every(async () => {
      const counts = await this.numbers.live();
      subscriptions.reset();
      for (const { status, subscriptions: count } of counts) subscriptions.set({ status }, count);
    });
  }

  private secondsSince(instant: Date | null): number {
    return instant ? Math.max(0, this.clock.now().getTime() - instant.getTime()) / 1_000 : 0;
  }

  private every(measure: () => Promise<void>): void {
    let last = Number.NEGATIVE_INFINITY;
    this.metrics.onCollect(async () => {
      if (performance.now() - last < EVERY_MS) return;
      last = performance.now();
      await measure();
    });
  }
}
