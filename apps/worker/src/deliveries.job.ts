import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { DeliveriesService, Dispatcher } from '@app/deliveries';
import { NotificationsService } from '@app/notifications';
import { EventFeed, EventPartitions, EventPublisher } from '@app/events';
import { JobRunner } from './job-runner.js';

/** Poll interval for events and deliveries: part of the 1 s in which a first attempt is made. */
const POLL_INTERVAL_MS = 100;
const FAILURE_DELAY_MS = 1_000;

/** Publishes events, sends due deliveries, and deletes old deliveries, feed entries and notifications. */
@Injectable()
export class DeliveriesJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private stopping = false;
  private running: Promise<unknown> = Promise.resolve();
  /** Functions that end the wait of each loop. */
  private readonly wakes = new Map<string, () => void>();

  constructor(
    private readonly publisher: EventPublisher,
    private readonly dispatcher: Dispatcher,
    private readonly deliveries: DeliveriesService,
    private readonly notifications: NotificationsService,
    private readonly feed: EventFeed,
    private readonly partitions: EventPartitions,
    private readonly jobs: JobRunner,
  ) {}

  onApplicationBootstrap(): void {
    this.dispatcher.onCapacity(() => this.wakes.get('dispatch')?.());
    // Concurrent: while one loop waits for the database, the other continues.
    this.running = Promise.all([
      this.loop('publish', () => this.publisher.publish()),
      this.loop('dispatch', () => this.dispatcher.dispatch()),
    ]);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping = true;
    this.wakes.forEach((wake) => wake());
    await this.running;
    await this.dispatcher.idle();
  }

  @Cron('20 * * * * *', { waitForCompletion: true })
  async purge(): Promise<void> {
    await this.jobs.repeat(
      'purge deliveries',
      async () => (await this.deliveries.purge()) + (await this.feed.purge()) + (await this.notifications.purge()) > 0,
    );
  }

  @Cron('0 0 * * * *', { waitForCompletion: true })
  async createPartitions(): Promise<void> {
    await this.jobs.run('create event partitions', () => this.partitions.ensure());
  }

  private async loop(name: string, step: () => Promise<number>): Promise<void> {
    while (!this.stopping) {
      const moved = await this.jobs.run(name, step);
      const delay = moved === 0 ? POLL_INTERVAL_MS : 0;
      await this.wait(name, moved === null ? FAILURE_DELAY_MS : delay);
    }
  }

  private wait(name: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakes.set(name, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
