import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PaymentEvents } from '@app/billing';
import { DeliveriesService } from '@app/deliveries';
import { Clock } from '@app/kernel';
import { EventPublisher } from '@app/events';
import { Metrics } from '@app/platform';
import { DueSubscriptionsService, SubscriptionStats } from '@app/subscriptions';

const MIN_INTERVAL_MS = 5_000;

/** Measures the lag of the workers and counts subscriptions when metrics are collected, at most every 5 s. */
@Injectable()
export class Backlog implements OnModuleInit {
  constructor(
    private readonly publisher: EventPublisher,
    private readonly time: DueSubscriptionsService,
    private readonly deliveries: DeliveriesService,
    private readonly stats: SubscriptionStats,
    private readonly paymentEvents: PaymentEvents,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    const { outboxLag, sweepLag, deliveryLag, paymentEventLag, subscriptions } = this.metrics;
    this.onCollect(async () => outboxLag.set(this.secondsSince(await this.publisher.oldestWaiting())));
    this.onCollect(async () => sweepLag.set(this.secondsSince(await this.time.oldestDue())));
    this.onCollect(async () => deliveryLag.set(this.secondsSince(await this.deliveries.oldestDue())));
    this.onCollect(async () => paymentEventLag.set(this.secondsSince(await this.paymentEvents.oldestWaiting())));
    this.onCollect(async () => {
      const counts = await this.stats.live();
      subscriptions.reset();
      for (const { status, subscriptions: count } of counts) subscriptions.set({ status }, count);
    });
  }

  private secondsSince(instant: Date | null): number {
    return instant ? Math.max(0, this.clock.now().getTime() - instant.getTime()) / 1_000 : 0;
  }

  private onCollect(measure: () => Promise<void>): void {
    let last = Number.NEGATIVE_INFINITY;
    this.metrics.onCollect(async () => {
      if (performance.now() - last < MIN_INTERVAL_MS) return;
      last = performance.now();
      await measure();
    });
  }
}
