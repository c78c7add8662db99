import { Injectable, Logger } from '@nestjs/common';
import { CustomerTime } from '@app/customers';
import { Events } from '@app/events';
import { Clock, idBefore } from '@app/kernel';
import { Database, Metrics } from '@app/platform';
import { Charges } from './charges.service.js';
import type { Payment } from './domain/payment.js';
import { paymentEvent } from './payment-event.js';
import { PaymentOutcomes } from './payment-outcomes.js';
import { PaymentsRepository } from './payments.repository.js';

const BATCH = 8;
/** A payment whose outcome is not known after this is compared with its provider. Minutes. */
export const PENDING_MINUTES = 15;
/** Payments that the daily comparison covers. Days. */
export const RECONCILED_DAYS = 3;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

type Result = 'same' | 'corrected' | 'missing' | 'different' | 'failed';

/** Compares payments with their providers, and corrects what events did not report. */
@Injectable()
export class Reconciliation {
  private readonly logger = new Logger('Reconciliation');

  constructor(
    private readonly payments: PaymentsRepository,
    private readonly charges: Charges,
    private readonly outcomes: PaymentOutcomes,
    private readonly time: CustomerTime,
    private readonly database: Database,
    private readonly events: Events,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /** Compares payments that have been under way for 15 minutes or more. @returns the number of payments */
  pending(): Promise<number> {
    const before = idBefore(new Date(this.clock.now().getTime() - PENDING_MINUTES * MINUTE_MS));
    return this.all((after) => this.payments.underWayBefore(before, after, BATCH));
  }

  /** Compares all payments of the last 3 days. @returns the number of payments */
  recent(): Promise<number> {
    const since = idBefore(new Date(this.clock.now().getTime() - RECONCILED_DAYS * DAY_MS));
    return this.all((after) => this.payments.made(after ?? since, BATCH));
  }

  /** Compares one payment. */
  async reconcile(id: string): Promise<Result> {
    const before = (await this.payments.find(id))!;
    const result = await this.compare(before).catch((error: unknown): Result => {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.log({ message: 'A payment was not compared with its provider', payment: id, reason });
      return 'failed';
    });
    this.metrics.reconciledPayments.inc({ provider: before.provider, result });
    if (result === 'missing' || result === 'different')
      this.logger.error({ message: `A charge is ${result} at the provider; correct it by hand`, payment: id });
    return result;
  }

  private async all(page: (after: string | null) => Promise<Payment[]>): Promise<number> {
    let compared = 0;
    for (let payments = await page(null); payments.length > 0; payments = await page(payments.at(-1)!.id)) {
      await Promise.all(payments.map(({ id }) => this.reconcile(id)));
      compared += payments.length;
    }
    return compared;
  }

  private async compare(before: Payment): Promise<Result> {
    const charge = await this.charges.find(before);
    // A charge that was never made is made by the next check, with the same key; a failed one may never have been made.
    if (!charge) return before.providerId === null ? 'same' : 'missing';
    return this.database.transaction(async () => {
      const outcome = await this.outcomes.apply(before.provider, charge);
      if (outcome !== 'applied') return outcome === 'unknown' ? 'different' : 'same';
      const after = (await this.payments.find(before.id))!;
      const at = await this.time.of(await this.payments.customerOf(after));
      const { status, refunded } = before;
      await this.events.record(paymentEvent('payment.reconciled', after, { at, before: { status, refunded } }));
      return 'corrected';
    });
  }
}
