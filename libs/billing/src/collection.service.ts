import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import { BillingRun, BillingStep } from './billing-run.service.js';
import { Charges } from './charges.service.js';
import { CollectionRepository, type DueInvoice } from './collection.repository.js';
import { CollectionDecisions } from './collection-decisions.js';
import type { Payment } from './domain/payment.js';
import { CHECK_LEASE_MS } from './domain/provider-times.js';
import { PaymentsRepository } from './payments.repository.js';

/** Invoices and payments that a worker takes at a time: also how many calls to providers are under way. */
const BATCH = 8;
/** A payer has this long to confirm a charge. Hours. */
export const CONFIRMATION_HOURS = 23;
const HOUR_MS = 3_600_000;
/** An invoice whose collection failed by an error is tried again after this. Milliseconds. */
const ERROR_DELAY_MS = 15 * 60_000;

/** Collects what is due on invoices. Any number of workers may run it: there is one charge per attempt. */
@Injectable()
export class CollectionService extends BillingStep implements OnModuleInit {
  private readonly logger = new Logger('Collection');

  constructor(
    private readonly due: CollectionRepository,
    private readonly decisions: CollectionDecisions,
    private readonly payments: PaymentsRepository,
    private readonly charges: Charges,
    private readonly run: BillingRun,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  onModuleInit(): void {
    this.run.register(this);
  }

  /** Nothing: providers are slow, so a separate job calls `collectDue`. */
  async runDue(): Promise<number> {
    return 0;
  }

  /**
   * Collects a batch of invoices that are due in real time, and gives up charges that their payers did not confirm
   * within 23 hours.
   * @returns the number of invoices and payments
   */
  async collectDue(): Promise<number> {
    const now = this.clock.now();
    const invoices = await this.due.due(now, BATCH);
    const unconfirmed = await this.payments.unconfirmedSince(hoursBefore(now), BATCH);
    await Promise.all([
      ...invoices.map((invoice) => this.collect(invoice, now)),
      ...unconfirmed.map((payment) => this.charges.giveUp(payment)),
    ]);
    return invoices.length + unconfirmed.length;
  }

  /**
   * Queries providers about a batch of payments whose outcome is not known: the worker that charged them died, or the
   * answer was lost.
   * @returns the number of payments
   */
  async checkDue(): Promise<number> {
    const now = this.clock.now();
    const leasedUntil = new Date(now.getTime() + CHECK_LEASE_MS);
    const claimed = await this.database.transaction(() => this.payments.claimDue(now, leasedUntil, BATCH));
    await Promise.all(claimed.map((payment) => this.charges.execute(payment, { mayExist: true })));
    return claimed.length;
  }

  /** One invoice after the other, so that the same advance of a clock always has the same result. */
  async runOnClock(clockId: string, now: Date): Promise<number> {
    const invoices = await this.due.dueOnClock({ id: clockId, now }, BATCH);
    for (const invoice of invoices) await this.collect(invoice, now);
    const unconfirmed = await this.payments.unconfirmedOnClock(clockId, hoursBefore(now), BATCH);
    for (const payment of unconfirmed) await this.charges.giveUp(payment);
    return invoices.length + unconfirmed.length;
  }

  async nextOnClock(clockId: string): Promise<Date | null> {
    const next = await this.due.nextOnClock(clockId);
    const oldest = await this.payments.oldestUnconfirmedOnClock(clockId);
    const givenUpAt = oldest && new Date(oldest.getTime() + CONFIRMATION_HOURS * HOUR_MS);
    return next && givenUpAt ? (next < givenUpAt ? next : givenUpAt) : (next ?? givenUpAt);
  }

  private async collect(invoice: DueInvoice, now: Date): Promise<void> {
    try {
      const payment = await this.database.transaction(() => this.decisions.act(invoice, now));
      if (!payment) return;
      await this.charges.execute(payment);
      // Real time does not advance a test clock, so an outcome that follows is queried immediately.
      if (invoice.testClockId !== null) await this.checkOnce(payment);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.error({ message: 'An invoice was not collected; will retry', invoice: invoice.id, reason });
      await this.database.transaction(() => this.due.postpone(invoice, new Date(now.getTime() + ERROR_DELAY_MS)));
    }
  }

  private async checkOnce({ id }: Payment): Promise<void> {
    const payment = await this.payments.find(id);
    if (payment?.status === 'pending') await this.charges.execute(payment, { mayExist: true });
  }
}

const hoursBefore = (now: Date): Date => new Date(now.getTime() - CONFIRMATION_HOURS * HOUR_MS);
