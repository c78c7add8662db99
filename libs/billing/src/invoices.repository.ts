import { Injectable } from '@nestjs/common';
import type { PageRequest, ScopeFilter } from '@app/kernel';
import { Database, inScope, startsWith } from '@app/platform';
import type { Invoice, InvoiceStatus } from './domain/invoice.js';
import type { Payment } from './domain/payment.js';
import {
  INSERT,
  invoiceOf,
  type InvoiceWrite,
  SELECTED,
  type SelectedInvoice,
  SETTLE,
  UPDATE_DRAFTS,
} from './invoice-row.js';

/** Filter of a list; instants bound `billedAt`, `from` inclusive and `to` exclusive. */
export interface InvoiceFilter {
  /** Scope of the caller. */
  scope: ScopeFilter;
  subscriptionId?: string;
  status?: InvoiceStatus;
  from?: Date;
  to?: Date;
}

/** A finalized invoice that a search found. */
export interface FoundInvoice extends Pick<Invoice, 'id' | 'status' | 'customerId' | 'productId'> {
  number: string;
}

/** A serial number that a bigint holds. */
const SERIAL = /^[0-9]{1,18}$/;

/** SQL condition: billing of the product is on. Its drafts wait while it is off. */
const BILLED = 'exists (select 1 from products p where p.id = i.product_id and p.billing is not null)';

/** SQL of invoices. */
@Injectable()
export class InvoicesRepository {
  constructor(private readonly database: Database) {}

  /**
   * Inserts invoices. One of a billing instant that has an invoice already is left out.
   * @returns the ids of the inserted ones
   */
  async insertMany(invoices: Invoice[]): Promise<Set<string>> {
    if (invoices.length === 0) return new Set();
    const rows = await this.database.write<{ id: string }>(
      `${INSERT.sql} on conflict (customer_id, subscription_id, purpose, billed_at) where status <> 'void' and subscription_id is not null do nothing returning id`,
      INSERT.parametersOf(invoices),
    );
    return new Set(rows.map(({ id }) => id));
  }

  /**
   * Writes drafts that this transaction has locked, also those that it finalizes. Their `version` is one more than what
   * was read.
   * @throws Error when one has another version than expected: another writer had no lock
   */
  updateDrafts(invoices: Invoice[]): Promise<void> {
    return this.update(UPDATE_DRAFTS, invoices);
  }

  /** Writes the status and settlement of finalized invoices that this transaction has locked, as `updateDrafts`. */
  settle(invoices: Invoice[]): Promise<void> {
    return this.update(SETTLE, invoices);
  }

  private async update(statement: InvoiceWrite, invoices: Invoice[]): Promise<void> {
    if (invoices.length === 0) return;
    const written = await this.database.write(statement.sql, statement.parametersOf(invoices));
    if (written.length !== invoices.length) throw new Error('An invoice was changed by a writer without the lock.');
  }

  /** Makes a locked draft due to be finalized later. */
  async postponeDraft({ customerId, id }: Pick<Invoice, 'customerId' | 'id'>, until: Date): Promise<void> {
    await this.database.write(
      `update invoices set finalize_at = $3 where customer_id = $1 and id = $2 and status = 'draft'`,
      [customerId, id, until],
    );
  }

  /** Deletes a locked draft. */
  async deleteDrafts(drafts: Pick<Invoice, 'customerId' | 'id'>[]): Promise<void> {
    if (drafts.length === 0) return;
    await this.database.write(
      `delete from invoices where (customer_id, id) in (select c, i from unnest($1::uuid[], $2::uuid[]) as u (c, i)) and status = 'draft'`,
      [drafts.map(({ customerId }) => customerId), drafts.map(({ id }) => id)],
    );
  }

  async find(id: string): Promise<Invoice | null> {
    const [found] = await this.database.query<SelectedInvoice>(`select ${SELECTED} from invoices i where i.id = $1`, [
      id,
    ]);
    return found ? invoiceOf(found) : null;
  }

  /** Reads and locks an invoice until the transaction ends. */
  async lock({ customerId, id }: Pick<Invoice, 'customerId' | 'id'>): Promise<Invoice | null> {
    const [found] = await this.database.write<SelectedInvoice>(
      `select ${SELECTED} from invoices i where i.customer_id = $1 and i.id = $2 for update`,
      [customerId, id],
    );
    return found ? invoiceOf(found) : null;
  }

  /** Locks drafts in real time that are due to be finalized and that no other worker has locked, oldest first. */
  async lockDrafts(now: Date, limit: number): Promise<Invoice[]> {
    const rows = await this.database.write<SelectedInvoice>(
      `select ${SELECTED} from invoices i where i.status = 'draft' and i.finalize_at <= $1 and i.test_clock_id is null and ${BILLED}
       order by i.finalize_at, i.id limit $2 for update of i skip locked`,
      [now, limit],
    );
    return rows.map(invoiceOf);
  }

  /** Locks due drafts of one test clock, waiting for other locks. */
  async lockDraftsOnClock(testClockId: string, until: Date, limit: number): Promise<Invoice[]> {
    const rows = await this.database.write<SelectedInvoice>(
      `select ${SELECTED} from invoices i where i.status = 'draft' and i.finalize_at <= $2 and i.test_clock_id = $1 and ${BILLED}
       order by i.finalize_at, i.id limit $3 for update`,
      [testClockId, until, limit],
    );
    return rows.map(invoiceOf);
  }

  /** When the next draft on a test clock is due to be finalized; null when none waits. */
  async nextDraftOnClock(testClockId: string): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date | null }>(
      `select min(i.finalize_at) as at from invoices i where i.status = 'draft' and i.finalize_at is not null and i.test_clock_id = $1 and ${BILLED}`,
      [testClockId],
    );
    return row!.at;
  }

  /** The payment of an invoice whose outcome is not known yet. */
  async findPaymentUnderWay({
    customerId,
    id,
  }: Pick<Invoice, 'customerId' | 'id'>): Promise<Pick<Payment, 'id' | 'actionUrl'> | null> {
    const [row] = await this.database.query<Pick<Payment, 'id' | 'actionUrl'>>(
      `select id, action_url as "actionUrl" from payments where customer_id = $1 and invoice_id = $2 and status in ('pending', 'requires_action')`,
      [customerId, id],
    );
    return row ?? null;
  }

  /**
   * Finalized invoices whose number starts with the text, or ends with it as its serial number: those with the number
   * itself first, then newest first.
   */
  search(text: string, scope: ScopeFilter, limit: number): Promise<FoundInvoice[]> {
    const values: unknown[] = [startsWith(text), text.toLowerCase(), SERIAL.test(text) ? text : null];
    const rows = inScope(scope, { customer: 'i.customer_id', product: 'i.product_id' }, values);
    return this.database.query(
      `select i.id, i.number, i.status, i.customer_id as "customerId", i.product_id as "productId" from invoices i
       where (lower(i.number) like $1 or i.id in (select n.id from products p join invoices n on n.product_id = p.id and n.serial = $3::bigint))
         and i.number is not null and ${rows} order by lower(i.number) <> $2, i.id desc limit ${limit}`,
      values,
    );
  }

  /** Lists invoices, newest first. */
  async list({ after, limit }: PageRequest, { scope, ...filter }: InvoiceFilter): Promise<Invoice[]> {
    const values: unknown[] = [];
    const conditions = [inScope(scope, { customer: 'i.customer_id', product: 'i.product_id' }, values)];
    const add = (condition: (place: string) => string, value: unknown): void => {
      if (value !== undefined && value !== null) conditions.push(condition(`$${values.push(value)}`));
    };
    add((place) => `i.id < ${place}`, after);
    add((place) => `i.subscription_id = ${place}`, filter.subscriptionId);
    add((place) => `i.status = ${place}`, filter.status);
    add((place) => `i.billed_at >= ${place}`, filter.from);
    add((place) => `i.billed_at < ${place}`, filter.to);
    const rows = await this.database.query<SelectedInvoice>(
      `select ${SELECTED} from invoices i where ${conditions.join(' and ')} order by i.id desc limit ${limit + 1}`,
      values,
    );
    return rows.map(invoiceOf);
  }
}
