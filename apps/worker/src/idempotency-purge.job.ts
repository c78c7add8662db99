import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { Idempotency } from '@app/platform';
import { JobRunner } from './job-runner.js';

/** Removes stored answers that are older than a day. */
@Injectable()
export class IdempotencyPurgeJob {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly jobs: JobRunner,
  ) {}

  @Cron('*/10 * * * * *', { waitForCompletion: true })
  async run(): Promise<void> {
    // As much as there is: what is used thousands of times a second must go as fast as it comes.
    await this.jobs.repeat('purge idempotency keys', async () => (await this.idempotency.purge()) > 0);
  }
}
