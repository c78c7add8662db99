import { Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { MeteringService, UsageChecker } from '@app/metering';
import { JobRunner } from './job-runner.js';

/** Writes down which reservations are over, and proves every night that counters are the sums of their ledgers. */
@Injectable()
export class UsageJob {
  private readonly logger = new Logger('UsageJob');

  constructor(
    private readonly metering: MeteringService,
    private readonly checker: UsageChecker,
    private readonly jobs: JobRunner,
  ) {}

  @Cron('*/10 * * * * *', { waitForCompletion: true })
  async settleExpired(): Promise<void> {
    await this.jobs.run('settle reservations', () => this.metering.settleExpired());
  }

  @Cron('0 0 3 * * *', { waitForCompletion: true })
  async check(): Promise<void> {
    const wrong = (await this.jobs.run('check counters', () => this.checker.checkAll())) ?? 0;
    if (wrong > 0) this.logger.error(`${wrong} counters are not the sum of their ledger: see POST /v1/usage/verify.`);
  }
}
