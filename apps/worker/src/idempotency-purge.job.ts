import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { Idempotency } from '@app/platform';
import { JobRunner } from './job-runner.js';

/** Deletes stored responses that are older than a day. */
@Injectable()
export class IdempotencyPurgeJob {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly jobs: JobRunner,
  ) {}

  @Cron('*/10 * * * * *', { waitForCompletion: true })
  async run(): Promise<void> {
    // Until none is left: thousands of keys are stored per second, and purging must keep up.
    await this.jobs.repeat('purge idempotency keys', async () => (await this.idempotency.purge()) > 0);
  }
}
