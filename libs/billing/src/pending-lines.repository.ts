import { Injectable } from '@nestjs/common';
import { grouped, newId } from '@app/kernel';
import { Database } from '@app/platform';
import type { Subscription } from '@app/subscriptions';
import type { InvoiceLine } from './domain/invoice.js';
import { lineWithDates as withDates } from './invoice-row.js';

/** A line that waits for the next invoice of its subscription. */
export interface PendingLine {
  customerId: string;
  subscriptionId: string;
  productId: string;
  currency: string;
  /** The origin of the line. A source has at most one line, also when several processes insert it. */
  source: string;
  line: InvoiceLine;
  occurredAt: Date;
}

/** Whose lines are attached to which invoice: lines that occurred by `until`, in one currency. */
export interface Attachment {
  customerId: string;
  subscriptionId: string;
  currency: string;
  until: Date;
  invoiceId: string;
}

/** SQL of lines that wait for the next invoice. */
@Injectable()
export class PendingLinesRepository {
  constructor(private readonly database: Database) {}

  /** Inserts lines. One whose source has a line already is left out. */
  async insert(lines: PendingLine[], now: Date): Promise<void> {
    if (lines.length === 0) return;
    await this.database.write(
      `insert into pending_invoice_lines (customer_id, id, subscription_id, product_id, currency, source, line, occurred_at, created_at)
       select "customerId", id, "subscriptionId", "productId", currency, source, line, "occurredAt", $2 from json_to_recordset($1::json)
         as l ("customerId" uuid, id uuid, "subscriptionId" uuid, "productId" uuid, currency text, source text, line jsonb, "occurredAt" timestamptz)
       on conflict (customer_id, subscription_id, source) do nothing`,
      [JSON.stringify(lines.map((line) => ({ ...line, id: newId() }))), now],
    );
  }

  /** Which of the subscriptions have lines that wait. */
  async waiting(subscriptions: Pick<Subscription, 'customerId' | 'id'>[]): Promise<Set<string>> {
    if (subscriptions.length === 0) return new Set();
    const rows = await this.database.query<{ id: string }>(
      `select distinct p.subscription_id as id from unnest($1::uuid[], $2::uuid[]) s (customer, id)
       join pending_invoice_lines p on p.customer_id = s.customer and p.subscription_id = s.id and p.invoice_id is null`,
      [subscriptions.map(({ customerId }) => customerId), subscriptions.map(({ id }) => id)],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** The waiting lines of subscriptions in their currencies, by subscription, oldest first. */
  async linesOf(subscriptions: Subscription[]): Promise<Map<string, InvoiceLine[]>> {
    if (subscriptions.length === 0) return new Map();
    const rows = await this.database.query<{ id: string; line: InvoiceLine }>(
      `select p.subscription_id as id, p.line from unnest($1::uuid[], $2::uuid[], $3::text[]) s (customer, id, currency)
       join pending_invoice_lines p on p.customer_id = s.customer and p.subscription_id = s.id and p.currency = s.currency and p.invoice_id is null order by p.id`,
      [
        subscriptions.map(({ customerId }) => customerId),
        subscriptions.map(({ id }) => id),
        subscriptions.map(({ price }) => price.currency),
      ],
    );
    const lines = grouped(rows, ({ id }) => id);
    return new Map([...lines].map(([id, own]) => [id, own.map(({ line }) => withDates(line))]));
  }

  /** Attaches waiting lines to invoices. @returns the lines by the id of the invoice, oldest first */
  async attach(attachments: Attachment[]): Promise<Map<string, InvoiceLine[]>> {
    const found = new Map<string, InvoiceLine[]>();
    if (attachments.length === 0) return found;
    const rows = await this.database.write<{ invoiceId: string; line: InvoiceLine; id: string }>(
      `update pending_invoice_lines p set invoice_id = a.invoice
       from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::uuid[]) a (customer, subscription, currency, until, invoice)
       where p.customer_id = a.customer and p.subscription_id = a.subscription and p.currency = a.currency and p.invoice_id is null and p.occurred_at <= a.until
       returning p.invoice_id as "invoiceId", p.line, p.id`,
      [
        attachments.map(({ customerId }) => customerId),
        attachments.map(({ subscriptionId }) => subscriptionId),
        attachments.map(({ currency }) => currency),
        attachments.map(({ until }) => until),
        attachments.map(({ invoiceId }) => invoiceId),
      ],
    );
    for (const { invoiceId, line } of rows.sort((one, other) => (one.id < other.id ? -1 : 1)))
      found.set(invoiceId, [...(found.get(invoiceId) ?? []), withDates(line)]);
    return found;
  }
}
