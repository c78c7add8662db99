import { Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { Metrics } from '@app/platform';
import { DueSubscriptionsService, PlanMigrationsService, SubscriptionStats } from '@app/subscriptions';
import { JobRunner } from './job-runner.js';

/** Writes down what time has done to subscriptions, moves those whose plan is being moved, and counts them. */
@Injectable()
export class LifecycleJob {
  private readonly logger = new Logger('LifecycleJob');

  constructor(
    private readonly time: DueSubscriptionsService,
    private readonly moves: PlanMigrationsService,
    private readonly numbers: SubscriptionStats,
    private readonly jobs: JobRunner,
    private readonly metrics: Metrics,
  ) {}

  @Cron('* * * * * *', { waitForCompletion: true })
  async run(): Promise<void> {
    const swept = (await this.jobs.run('sweep', () => this.time.processDue())) ?? 0;
    this.metrics.swept.inc(swept);
    if (swept > 0) this.logger.log(`${swept} subscriptions brought up to date`);
  }

  @Cron('* * * * * *', { waitForCompletion: true })
  async move(): Promise<void> {
    await this.jobs.repeat('move plans', () => this.moves.step());
  }

  @Cron('*/5 * * * * *', { waitForCompletion: true })
  async count(): Promise<void> {
    await this.jobs.run('count subscriptions', () => this.numbers.recount());
  }
}
