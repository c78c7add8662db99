import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { BillingRun } from '@app/billing';
import { BillingJobRunner } from './billing-job-runner.js';

/** Turns events of subscriptions into invoices, finalizes them and collects what is due. */
@Injectable()
export class BillingJob {
  constructor(
    private readonly billing: BillingRun,
    private readonly jobs: BillingJobRunner,
  ) {}

  @Cron('* * * * * *', { waitForCompletion: true })
  async run(): Promise<void> {
    await this.jobs.repeat('bill', () => this.billing.runDue());
  }
}
