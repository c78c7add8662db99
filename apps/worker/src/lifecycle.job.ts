import { Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { Metrics } from '@app/platform';
import { DueSubscriptionsService, PlanMigrationsService, SubscriptionStats } from '@app/subscriptions';
import { JobRunner } from './job-runner.js';

/** Persists due transitions of subscriptions, runs plan migrations, and counts subscriptions. */
@Injectable()
export class LifecycleJob {
  private readonly logger = new Logger('LifecycleJob');

  constructor(
    private readonly time: DueSubscriptionsService,
    private readonly migrations: PlanMigrationsService,
    private readonly stats: SubscriptionStats,
    private readonly jobs: JobRunner,
    private readonly metrics: Metrics,
  ) {}

  @Cron('* * * * * *', { waitForCompletion: true })
  async run(): Promise<void> {
    const processed = (await this.jobs.run('sweep', () => this.time.processDue())) ?? 0;
    this.metrics.swept.inc(processed);
    if (processed > 0) this.logger.log(`Applied due transitions of ${processed} subscriptions`);
  }

  @Cron('* * * * * *', { waitForCompletion: true })
  async migratePlans(): Promise<void> {
    await this.jobs.repeat('move plans', () => this.migrations.step());
  }

  @Cron('*/5 * * * * *', { waitForCompletion: true })
  async count(): Promise<void> {
    await this.jobs.run('count subscriptions', () => this.stats.recount());
  }
}
