import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { Invoice } from './domain/invoice.js';
import { invoiceOf, SELECTED, type SelectedInvoice } from './invoice-row.js';

/** An invoice that is due to be collected. */
export type DueInvoice = Pick<Invoice, 'customerId' | 'id' | 'testClockId'>;

/** An open invoice that is charged automatically. */
export type OwedInvoice = Pick<Invoice, 'id' | 'productId'>;

/** SQL condition: a payment of the invoice is under way. */
const UNDER_WAY = `exists (select 1 from payments p where p.customer_id = i.customer_id and p.invoice_id = i.id and p.status in ('pending', 'requires_action'))`;
/**
 * SQL conditions, each with its own index: an open invoice is collected, and a negative one is paid back. An invoice
 * that is due while its payment is under way is collected again when that payment fails.
 */
const COLLECTED = `i.status = 'open' and i.next_attempt_at is not null and not ${UNDER_WAY}`;
const REPAID = `i.status = 'paid' and i.next_attempt_at is not null`;
const KEY = `i.customer_id as "customerId", i.id, i.test_clock_id as "testClockId"`;

/** SQL of invoices that are collected or paid back. */
@Injectable()
export class CollectionRepository {
  constructor(private readonly database: Database) {}

  /** Invoices to collect in real time, those that are due longest first. */
  due(now: Date, limit: number): Promise<DueInvoice[]> {
    return this.list(`${COLLECTED} and i.next_attempt_at <= $1 and i.test_clock_id is null`, [now], limit);
  }

  /** Invoices to collect on a test clock. */
  dueOnClock(clock: { id: string; now: Date }, limit: number): Promise<DueInvoice[]> {
    return this.list(`${COLLECTED} and i.next_attempt_at <= $1 and i.test_clock_id = $2`, [clock.now, clock.id], limit);
  }

  /** Negative invoices to pay back, in real time and by the test clocks. */
  toRepay(now: Date, limit: number): Promise<DueInvoice[]> {
    return this.list(`${REPAID} and (i.next_attempt_at <= $1 or i.test_clock_id is not null)`, [now], limit);
  }

  toRepayOnClock(testClockId: string, limit: number): Promise<DueInvoice[]> {
    return this.list(`${REPAID} and i.test_clock_id = $1`, [testClockId], limit);
  }

  /** Locks an invoice that is still due. @returns null when it is not, or when another worker has locked it */
  async lockIfDue({ customerId, id }: DueInvoice, now: Date): Promise<Invoice | null> {
    const [row] = await this.database.write<SelectedInvoice>(
      `select ${SELECTED} from invoices i where i.customer_id = $1 and i.id = $2 and i.status in ('open', 'paid') and i.next_attempt_at <= $3
       for update skip locked`,
      [customerId, id, now],
    );
    return row ? invoiceOf(row) : null;
  }

  /** Locks the open invoices of a customer that are charged automatically. */
  lockCharged(customerId: string): Promise<OwedInvoice[]> {
    return this.database.write<OwedInvoice>(
      `select i.id, i.product_id as "productId" from invoices i
       where i.customer_id = $1 and i.status = 'open' and i.collection = 'charge_automatically' order by i.id for update`,
      [customerId],
    );
  }

  /** Makes those of some locked invoices due that are overdue, or have a payment under way. */
  async bringForward(customerId: string, ids: string[], now: Date): Promise<void> {
    await this.database.write(
      `update invoices i set next_attempt_at = $3, version = version + 1
       where i.customer_id = $1 and i.id = any($2::uuid[]) and coalesce(i.next_attempt_at > $3, true) and (i.failed_at is not null or ${UNDER_WAY})`,
      [customerId, ids, now],
    );
  }

  /** When the next invoice on a test clock is due to be collected; null when none waits. */
  async nextOnClock(testClockId: string): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date | null }>(
      `select min(i.next_attempt_at) as at from invoices i where ${COLLECTED} and i.test_clock_id = $1`,
      [testClockId],
    );
    return row!.at;
  }

  /** Moves the next attempt of an invoice to a later time. */
  async postpone({ customerId, id }: DueInvoice, until: Date): Promise<void> {
    await this.database.write(
      `update invoices set next_attempt_at = $3, version = version + 1 where customer_id = $1 and id = $2 and next_attempt_at < $3`,
      [customerId, id, until],
    );
  }

  /** True when another invoice of the subscription is overdue: its collection has failed. */
  async hasOtherOverdue({ customerId, id, subscriptionId }: Invoice): Promise<boolean> {
    const rows = await this.database.query(
      `select 1 from invoices i where i.customer_id = $1 and i.subscription_id = $2 and i.id <> $3 and i.status = 'open' and i.failed_at is not null limit 1`,
      [customerId, subscriptionId, id],
    );
    return rows.length > 0;
  }

  private list(condition: string, values: unknown[], limit: number): Promise<DueInvoice[]> {
    return this.database.query<DueInvoice>(
      `select ${KEY} from invoices i where ${condition} order by i.next_attempt_at, i.id limit ${limit}`,
      values,
    );
  }
}
