import { Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { AuthHousekeeping, SigningKeys } from '@app/auth';

/** Replaces signing keys in time, and removes what is over. */
@Injectable()
export class AccountsJob {
  private readonly logger = new Logger('AccountsJob');

  constructor(
    private readonly keys: SigningKeys,
    private readonly housekeeping: AuthHousekeeping,
  ) {}

  @Cron('0 */10 * * * *', { waitForCompletion: true })
  rotateKeys(): Promise<void> {
    return this.attempt('Signing keys were not looked at', () => this.keys.rotateWhenDue());
  }

  @Cron('30 * * * * *', { waitForCompletion: true })
  purge(): Promise<void> {
    return this.attempt('What is over was not removed', async () => {
      while ((await this.housekeeping.purge()) > 0);
    });
  }

  private async attempt(otherwise: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.error(`${otherwise}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
