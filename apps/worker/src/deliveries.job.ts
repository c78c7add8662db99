import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { DeliveriesService, Dispatcher } from '@app/deliveries';
import { NotificationsService } from '@app/notifications';
import { EventFeed, EventPartitions, EventPublisher } from '@app/events';
import { JobRunner } from './job-runner.js';

/** Between two looks at whether there is something to tell, or to send: of the second that a first attempt may take. */
const LOOK_EVERY_MS = 100;
const AFTER_A_FAILURE_MS = 1_000;

/** Publishes what has happened, sends what is due, and removes what is long over. */
@Injectable()
export class DeliveriesJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private stopping = false;
  private running: Promise<unknown> = Promise.resolve();
  /** Ends the rests of the loops. */
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
    // Side by side: while one waits for the database, the other goes on.
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
  async makeMonths(): Promise<void> {
    await this.jobs.run('make months', () => this.partitions.ensure());
  }

  private async loop(name: string, step: () => Promise<number>): Promise<void> {
    while (!this.stopping) {
      const moved = await this.jobs.run(name, step);
      const wait = moved === 0 ? LOOK_EVERY_MS : 0;
      await this.rest(name, moved === null ? AFTER_A_FAILURE_MS : wait);
    }
  }

  private rest(name: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakes.set(name, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
