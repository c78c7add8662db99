import { Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { Idempotency } from '@app/platform';

/** Removes stored answers that are older than a day. */
@Injectable()
export class IdempotencyPurgeJob {
  private readonly logger = new Logger(IdempotencyPurgeJob.name);

  constructor(private readonly idempotency: Idempotency) {}

  @Cron('*/10 * * * * *', { waitForCompletion: true })
  async run(): Promise<void> {
    try {
      // As much as there is: what is used thousands of times a second must go as fast as it comes.
      while ((await this.idempotency.purge()) > 0);
    } catch (error) {
      this.logger.error(error instanceof Error ? error.stack : error);
    }
  }
}
