import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { AuthHousekeeping, SigningKeys } from '@app/auth';
import { JobRunner } from './job-runner.js';

/** Rotates signing keys, and deletes expired sessions and tokens. */
@Injectable()
export class AccountsJob {
  constructor(
    private readonly keys: SigningKeys,
    private readonly housekeeping: AuthHousekeeping,
    private readonly jobs: JobRunner,
  ) {}

  @Cron('0 */10 * * * *', { waitForCompletion: true })
  async rotateKeys(): Promise<void> {
    await this.jobs.run('rotate signing keys', () => this.keys.rotateWhenDue());
  }

  @Cron('30 * * * * *', { waitForCompletion: true })
  async purge(): Promise<void> {
    await this.jobs.repeat('purge accounts', async () => (await this.housekeeping.purge()) > 0);
  }
}
