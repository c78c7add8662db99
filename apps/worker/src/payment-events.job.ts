import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { AccountDeletions, PaymentEvents, PaymentMethodRecords, PaymentSetups } from '@app/billing';
import { BillingJobRunner } from './billing-job-runner.js';

/**
 * Processes inbound events of payment providers and deletes old ones, checks setups without an event, deletes the
 * accounts of deleted customers, and announces cards that expire.
 */
@Injectable()
export class PaymentEventsJob {
  constructor(
    private readonly events: PaymentEvents,
    private readonly methods: PaymentMethodRecords,
    private readonly setups: PaymentSetups,
    private readonly deletions: AccountDeletions,
    private readonly jobs: BillingJobRunner,
  ) {}

  @Cron('* * * * * *', { waitForCompletion: true })
  async process(): Promise<void> {
    await this.jobs.repeat('process payment events', async () => (await this.events.processDue()) > 0);
  }

  @Cron('*/5 * * * * *', { waitForCompletion: true })
  async checkSetups(): Promise<void> {
    await this.jobs.repeat('check payment setups', async () => (await this.setups.checkDue()) > 0);
  }

  @Cron('*/10 * * * * *', { waitForCompletion: true })
  async deleteAccounts(): Promise<void> {
    await this.jobs.repeat('delete payment accounts', async () => (await this.deletions.deleteDue()) > 0);
  }

  @Cron('50 * * * * *', { waitForCompletion: true })
  async purge(): Promise<void> {
    await this.jobs.repeat('purge payment events', async () => (await this.events.purge()) > 0);
  }

  @Cron('15 */10 * * * *', { waitForCompletion: true })
  async announceExpiring(): Promise<void> {
    await this.jobs.repeat('announce expiring cards', async () => (await this.methods.announceExpiring()) > 0);
  }
}
