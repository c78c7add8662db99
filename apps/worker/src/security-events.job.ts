import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { SecurityLog } from '@app/events';
import { JobRunner } from './job-runner.js';

/** Deletes security events that are older than SECURITY_EVENT_DAYS, in batches. */
@Injectable()
export class SecurityEventsJob {
  constructor(
    private readonly log: SecurityLog,
    private readonly jobs: JobRunner,
  ) {}

  @Cron('40 * * * * *', { waitForCompletion: true })
  async purge(): Promise<void> {
    await this.jobs.repeat('purge security events', async () => (await this.log.purge()) > 0);
  }
}
