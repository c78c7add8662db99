import { Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { LifecycleService } from '@app/subscriptions';

/** Writes down ended trials, renewals, scheduled changes and expiries. */
@Injectable()
export class LifecycleJob {
  private readonly logger = new Logger(LifecycleJob.name);

  constructor(private readonly lifecycle: LifecycleService) {}

  @Cron('* * * * * *', { waitForCompletion: true })
  async run(): Promise<void> {
    try {
      const swept = await this.lifecycle.sweep();
      if (swept > 0) this.logger.log(`${swept} subscriptions brought up to date`);
    } catch (error) {
      this.logger.error(error instanceof Error ? error.stack : error);
    }
  }
}
