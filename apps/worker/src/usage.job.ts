import { Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { DenialCounts, MeteringService, UsageChecker, UsageSeriesService } from '@app/metering';
import { JobRunner } from './job-runner.js';

/** Customer ids in one log line. */
const MAX_LOGGED = 5;

/** Expires reservations, rolls up usage, and verifies every night that counters equal the sums of their ledgers. */
@Injectable()
export class UsageJob {
  private readonly logger = new Logger('UsageJob');

  constructor(
    private readonly metering: MeteringService,
    private readonly checker: UsageChecker,
    private readonly usage: UsageSeriesService,
    private readonly denials: DenialCounts,
    private readonly jobs: JobRunner,
  ) {}

  @Cron('*/10 * * * * *', { waitForCompletion: true })
  async expireReservations(): Promise<void> {
    await this.jobs.run('expire reservations', () => this.metering.expireReservations());
  }

  @Cron('*/15 * * * * *', { waitForCompletion: true })
  async rollUp(): Promise<void> {
    await this.jobs.repeat('roll up usage', () => this.usage.rollUpNext());
  }

  @Cron('*/15 * * * * *', { waitForCompletion: true })
  async rollUpLongLedgers(): Promise<void> {
    await this.jobs.repeat('roll up long ledgers', () => this.usage.rollUpLongLedger());
  }

  @Cron('0 10 4 * * *', { waitForCompletion: true })
  async purgeDenials(): Promise<void> {
    await this.jobs.repeat('purge counts of denials', async () => (await this.denials.purge()) > 0);
  }

  @Cron('0 0 3 * * *', { waitForCompletion: true })
  async verifyCounters(): Promise<void> {
    const result = await this.jobs.run('verify counters', () => this.checker.checkAll());
    if (result === null) return;
    const { wrong, unchecked } = result;
    await this.jobs.checked('verify counters', wrong);
    if (unchecked.length > 0)
      this.logger.warn(
        `Counters of ${unchecked.length} customers were not verified, their ledgers are too long to sum in time: ${unchecked.slice(0, MAX_LOGGED).join(', ')}${unchecked.length > MAX_LOGGED ? ', ...' : ''}`,
      );
    if (wrong > 0)
      this.logger.error(`${wrong} counters differ from the sum of their ledger: see POST /v1/usage/verify`);
  }
}
