import { Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { MeteringService, UsageChecker } from '@app/metering';

/** Writes down which reservations are over, and proves every night that counters are the sums of their ledgers. */
@Injectable()
export class UsageJob {
  private readonly logger = new Logger('UsageJob');

  constructor(
    private readonly metering: MeteringService,
    private readonly checker: UsageChecker,
  ) {}

  @Cron('*/10 * * * * *', { waitForCompletion: true })
  async settleExpired(): Promise<void> {
    try {
      await this.metering.settleExpired();
    } catch (error) {
      this.logger.error(`Expired reservations wait for the next round: ${String(error)}`);
    }
  }

  @Cron('0 0 3 * * *', { waitForCompletion: true })
  async check(): Promise<void> {
    try {
      const wrong = await this.checker.checkAll();
      if (wrong > 0) this.logger.error(`${wrong} counters are not the sum of their ledger: see POST /v1/usage/verify.`);
    } catch (error) {
      this.logger.error(`The counters were not checked: ${String(error)}`);
    }
  }
}
