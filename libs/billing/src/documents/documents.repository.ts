import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { CreditNote, Invoice } from '../domain/invoice.js';
import type { DocumentFormat, DocumentKind } from '../domain/printed-document.js';
import { invoiceOf, SELECTED, type SelectedInvoice } from '../invoice-row.js';

/** An invoice without documents, with the time zone of its customer. */
export type InvoiceToPrint = Invoice & { timezone: string };

/** A credit note without documents, with what it prints of its invoice and its customer. */
export interface CreditNoteToPrint extends CreditNote {
  invoiceNumber: string;
  invoiceIssuedAt: Date;
  timezone: string;
}

export interface NewDocument {
  customerId: string;
  documentId: string;
  format: DocumentFormat;
  content: Uint8Array;
  /** SHA-256 of the content, in hexadecimal digits. */
  hash: string;
}

/** An invoice or credit note with one of its documents; the fields of the document are null while there is none. */
export interface DocumentRow {
  customerId: string;
  productId: string;
  /** Null: a draft. */
  number: string | null;
  documentedAt: Date | null;
  content: Buffer | null;
  hash: string | null;
}

const TABLES: Record<DocumentKind, string> = { invoice: 'invoices', credit_note: 'credit_notes' };

/** SQL of documents, and of what waits for them. */
@Injectable()
export class DocumentsRepository {
  constructor(private readonly database: Database) {}

  /** True when an invoice or a credit note after an id has no documents yet. */
  async isWaiting(kind: DocumentKind, after: string | null): Promise<boolean> {
    const finalized = kind === 'invoice' ? `and status <> 'draft'` : '';
    const rows = await this.database.query(
      `select 1 from ${TABLES[kind]} where documented_at is null ${finalized} and ($1::uuid is null or id > $1) limit 1`,
      [after],
    );
    return rows.length > 0;
  }

  /** Locks finalized invoices without documents that no other worker has locked, by id, after an id. */
  async lockInvoices(after: string | null, limit: number): Promise<InvoiceToPrint[]> {
    const rows = await this.database.write<SelectedInvoice & { timezone: string }>(
      `select ${SELECTED}, c.timezone from invoices i join customers c on c.id = i.customer_id
       where i.documented_at is null and i.status <> 'draft' and ($1::uuid is null or i.id > $1)
       order by i.id limit $2 for update of i skip locked`,
      [after, limit],
    );
    return rows.map(({ timezone, ...row }) => ({ ...invoiceOf(row), timezone }));
  }

  /** As `lockInvoices`, for credit notes. */
  async lockCreditNotes(after: string | null, limit: number): Promise<CreditNoteToPrint[]> {
    const rows = await this.database.write<CreditNoteToPrint>(
      `select n.customer_id as "customerId", n.id, n.product_id as "productId", n.invoice_id as "invoiceId", n.test_clock_id as "testClockId",
         n.serial::float8 as serial, n.number, n.currency, n.lines, n.taxes, n.subtotal::float8 as subtotal, n.tax_total::float8 as "taxTotal",
         n.total::float8 as total, n.due_amount::float8 as "dueAmount", n.refund_amount::float8 as "refundAmount", n.balance_amount::float8 as "balanceAmount",
         n.reason, n.seller, n.buyer, n.issued_at as "issuedAt", n.documented_at as "documentedAt", n.created_at as "createdAt",
         i.number as "invoiceNumber", i.issued_at as "invoiceIssuedAt", c.timezone
       from credit_notes n join invoices i on i.customer_id = n.customer_id and i.id = n.invoice_id join customers c on c.id = n.customer_id
       where n.documented_at is null and ($1::uuid is null or n.id > $1) order by n.id limit $2 for update of n skip locked`,
      [after, limit],
    );
    return rows.map((row) => ({
      ...row,
      lines: row.lines.map((line) => ({
        ...line,
        service: { start: new Date(line.service.start), end: new Date(line.service.end) },
      })),
    }));
  }

  /** Stores the documents of a locked invoice or credit note; a second document of one format is an error. */
  async store(documents: NewDocument[], at: Date): Promise<void> {
    for (const { customerId, documentId, format, content, hash } of documents)
      await this.database.write(
        'insert into invoice_documents (customer_id, document_id, kind, content, hash, created_at) values ($1, $2, $3, $4, $5, $6)',
        [customerId, documentId, format, content, hash, at],
      );
  }

  async markDocumented(
    kind: DocumentKind,
    { customerId, id }: Pick<Invoice, 'customerId' | 'id'>,
    at: Date,
  ): Promise<void> {
    await this.database.write(`update ${TABLES[kind]} set documented_at = $3 where customer_id = $1 and id = $2`, [
      customerId,
      id,
      at,
    ]);
  }

  /** An invoice or a credit note by its id, with its document of a format. */
  async find(kind: DocumentKind, id: string, format: DocumentFormat): Promise<DocumentRow | null> {
    const [row] = await this.database.query<DocumentRow>(
      `select o.customer_id as "customerId", o.product_id as "productId", o.number, o.documented_at as "documentedAt", d.content, d.hash
       from ${TABLES[kind]} o left join invoice_documents d on d.customer_id = o.customer_id and d.document_id = o.id and d.kind = $2 where o.id = $1`,
      [id, format],
    );
    return row ?? null;
  }
}
