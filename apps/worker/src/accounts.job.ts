import { Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { AuthHousekeeping, SigningKeys } from '@app/auth';
import { attempt } from './attempt.js';

/** Replaces signing keys in time, and removes what is over. */
@Injectable()
export class AccountsJob {
  private readonly logger = new Logger('AccountsJob');

  constructor(
    private readonly keys: SigningKeys,
    private readonly housekeeping: AuthHousekeeping,
  ) {}

  @Cron('0 */10 * * * *', { waitForCompletion: true })
  async rotateKeys(): Promise<void> {
    await attempt(this.logger, 'Signing keys were not looked at', () => this.keys.rotateWhenDue());
  }

  @Cron('30 * * * * *', { waitForCompletion: true })
  async purge(): Promise<void> {
    await attempt(this.logger, 'What is over was not removed', async () => {
      while ((await this.housekeeping.purge()) > 0);
    });
  }
}
