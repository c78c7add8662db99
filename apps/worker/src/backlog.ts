import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DeliveriesService } from '@app/deliveries';
import { EventPublisher, Metrics } from '@app/platform';
import { PassingTimeService, SubscriptionsService } from '@app/subscriptions';

const LOOK_EVERY_MS = 5_000;
const COUNT_EVERY_MS = 60_000;

/** Measures what waits for the workers, and how many subscriptions there are, when the metrics are read; seldom enough to cost nothing. */
@Injectable()
export class Backlog implements OnModuleInit {
  constructor(
    private readonly publisher: EventPublisher,
    private readonly time: PassingTimeService,
    private readonly deliveries: DeliveriesService,
    private readonly subscriptions: SubscriptionsService,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const { outboxLag, sweepLag, deliveryLag, subscriptions } = this.metrics;
    this.every(LOOK_EVERY_MS, async () => outboxLag.set((await this.publisher.lagMs()) / 1_000));
    this.every(LOOK_EVERY_MS, async () => sweepLag.set((await this.time.lagMs()) / 1_000));
    this.every(LOOK_EVERY_MS, async () => deliveryLag.set((await this.deliveries.lagMs()) / 1_000));
    this.every(COUNT_EVERY_MS, async () => {
      const counts = await this.subscriptions.countLive();
      subscriptions.reset();
      for (const { status, count } of counts) subscriptions.set({ status }, count);
    });
  }

  private every(ms: number, measure: () => Promise<void>): void {
    let last = Number.NEGATIVE_INFINITY;
    this.metrics.onCollect(async () => {
      if (performance.now() - last < ms) return;
      last = performance.now();
      await measure();
    });
  }
}
