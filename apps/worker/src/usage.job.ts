import { Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { MeteringService, UsageChecker, UsageSeriesService } from '@app/metering';
import { JobRunner } from './job-runner.js';

/** Ids in one line of the log. */
const MAX_NAMED = 5;

/** Writes down which reservations are over, sums up what was used, and proves every night that counters are the sums of their ledgers. */
@Injectable()
export class UsageJob {
  private readonly logger = new Logger('UsageJob');

  constructor(
    private readonly metering: MeteringService,
    private readonly checker: UsageChecker,
    private readonly usage: UsageSeriesService,
    private readonly jobs: JobRunner,
  ) {}

  @Cron('*/10 * * * * *', { waitForCompletion: true })
  async settleExpired(): Promise<void> {
    await this.jobs.run('settle reservations', () => this.metering.expireReservations());
  }

  @Cron('*/15 * * * * *', { waitForCompletion: true })
  async sumUp(): Promise<void> {
    await this.jobs.repeat('sum up usage', () => this.usage.rollUpNext());
  }

  @Cron('*/15 * * * * *', { waitForCompletion: true })
  async sumUpLongLedgers(): Promise<void> {
    await this.jobs.repeat('sum up long ledgers', () => this.usage.rollUpLongLedger());
  }

  @Cron('0 0 3 * * *', { waitForCompletion: true })
  async check(): Promise<void> {
    const { wrong, unchecked } = (await this.jobs.run('check counters', () => this.checker.checkAll())) ?? {
      wrong: 0,
      unchecked: [],
    };
    if (unchecked.length > 0)
      this.logger.warn(
        `The ledgers of ${unchecked.length} customers are too long to be summed up in time, those of ${unchecked.slice(0, MAX_NAMED).join(', ')} among them: their counters were not checked.`,
      );
    if (wrong > 0) this.logger.error(`${wrong} counters are not the sum of their ledger: see POST /v1/usage/verify.`);
  }
}
