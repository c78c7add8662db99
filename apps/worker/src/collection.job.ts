import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { BillingChecker, CollectionService, Reconciliation, RefundRun } from '@app/billing';
import { BillingJobRunner } from './billing-job-runner.js';
import { JobRunner } from './job-runner.js';

/** Collects what is due on invoices, queries payment providers for unknown outcomes, and makes refunds. */
@Injectable()
export class CollectionJob {
  constructor(
    private readonly collection: CollectionService,
    private readonly refunds: RefundRun,
    private readonly reconciliation: Reconciliation,
    private readonly checker: BillingChecker,
    private readonly billing: BillingJobRunner,
    private readonly jobs: JobRunner,
  ) {}

  @Cron('* * * * * *', { waitForCompletion: true })
  async collect(): Promise<void> {
    await this.billing.repeat('collect invoices', async () => (await this.collection.collectDue()) > 0);
  }

  @Cron('* * * * * *', { waitForCompletion: true })
  async check(): Promise<void> {
    await this.billing.repeat('check payments', async () => (await this.collection.checkDue()) > 0);
  }

  @Cron('* * * * * *', { waitForCompletion: true })
  async refund(): Promise<void> {
    await this.billing.repeat('make refunds', async () => (await this.refunds.refundDue()) > 0);
  }

  @Cron('20 */5 * * * *', { waitForCompletion: true })
  async reconcilePending(): Promise<void> {
    await this.jobs.run('reconcile pending payments', () => this.reconciliation.pending());
  }

  @Cron('0 30 2 * * *', { waitForCompletion: true })
  async reconcileRecent(): Promise<void> {
    await this.jobs.run('reconcile recent payments', () => this.reconciliation.recent());
  }

  @Cron('0 30 3 * * *', { waitForCompletion: true })
  async verify(): Promise<void> {
    const report = await this.jobs.run('verify billing', () => this.checker.checkAll());
    if (report) await this.jobs.checked('verify billing', report.mismatches.length);
  }
}
