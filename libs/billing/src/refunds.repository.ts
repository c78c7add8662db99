import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { Refund } from './domain/payment.js';

const COLUMNS = `r.customer_id as "customerId", r.id, r.payment_id as "paymentId", r.credit_note_id as "creditNoteId", r.invoice_id as "invoiceId", r.amount::float8 as amount, r.currency, r.status, r.provider_id as "providerId", r.failure_code as "failureCode", r.check_at as "checkAt", r.created_at as "createdAt", r.updated_at as "updatedAt"`;

/** SQL of refunds. */
@Injectable()
export class RefundsRepository {
  constructor(private readonly database: Database) {}

  async insertMany(refunds: Refund[]): Promise<void> {
    if (refunds.length === 0) return;
    const rows = refunds.map((refund) => ({
      customer_id: refund.customerId,
      id: refund.id,
      payment_id: refund.paymentId,
      credit_note_id: refund.creditNoteId,
      invoice_id: refund.invoiceId,
      amount: refund.amount,
      currency: refund.currency,
      status: refund.status,
      provider_id: refund.providerId,
      check_at: refund.checkAt,
      created_at: refund.createdAt,
      updated_at: refund.updatedAt,
    }));
    await this.database.write(
      `insert into refunds (customer_id, id, payment_id, credit_note_id, invoice_id, amount, currency, status, provider_id, check_at, created_at, updated_at)
       select customer_id, id, payment_id, credit_note_id, invoice_id, amount, currency, status, provider_id, check_at, created_at, updated_at
       from json_populate_recordset(null::refunds, $1::json)`,
      [JSON.stringify(rows)],
    );
  }

  /** Writes a refund whose payment is locked. */
  async update(refund: Refund): Promise<void> {
    await this.database.write(
      `update refunds set status = $3, provider_id = $4, failure_code = $5, check_at = $6, updated_at = $7 where customer_id = $1 and id = $2`,
      [
        refund.customerId,
        refund.id,
        refund.status,
        refund.providerId,
        refund.failureCode,
        refund.checkAt,
        refund.updatedAt,
      ],
    );
  }

  /** Reads a refund whose payment is locked. */
  async find({ customerId, id }: Pick<Refund, 'customerId' | 'id'>): Promise<Refund | null> {
    const [row] = await this.database.query<Refund>(
      `select ${COLUMNS} from refunds r where r.customer_id = $1 and r.id = $2`,
      [customerId, id],
    );
    return row ?? null;
  }

  /** The refunds of payments, oldest first. */
  ofPayments(customerId: string, paymentIds: string[]): Promise<Refund[]> {
    return this.database.query<Refund>(
      `select ${COLUMNS} from refunds r where r.customer_id = $1 and r.payment_id = any($2::uuid[]) order by r.id`,
      [customerId, paymentIds],
    );
  }

  /** Refunds on a test clock that were not made yet: never called, so there is no answer to wait for. */
  waitingOnClock(testClockId: string, limit: number): Promise<Refund[]> {
    return this.database.query<Refund>(
      `select ${COLUMNS} from refunds r where r.status = 'pending' and r.check_at is not null and r.updated_at = r.created_at
         and r.customer_id in (select c.id from customers c where c.test_clock_id = $1) order by r.id limit ${limit}`,
      [testClockId],
    );
  }

  /** Leases pending refunds that are due: one whose worker dies is due again after that. */
  claimDue(now: Date, leasedUntil: Date, limit: number): Promise<Refund[]> {
    return this.database.write<Refund>(
      `update refunds r set check_at = $2 where (r.customer_id, r.id) in (
         select r.customer_id, r.id from refunds r where r.check_at <= $1 and r.status = 'pending'
         order by r.check_at limit $3 for update skip locked)
       returning ${COLUMNS}`,
      [now, leasedUntil, limit],
    );
  }
}
