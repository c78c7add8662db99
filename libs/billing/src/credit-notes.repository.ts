import { Injectable } from '@nestjs/common';
import type { PageRequest } from '@app/kernel';
import { Database } from '@app/platform';
import type { CreditNote } from './domain/invoice.js';

const COLUMNS = `n.customer_id as "customerId", n.id, n.product_id as "productId", n.invoice_id as "invoiceId", n.test_clock_id as "testClockId", n.serial::float8 as serial, n.number, n.currency, n.lines, n.taxes, n.subtotal::float8 as subtotal, n.tax_total::float8 as "taxTotal", n.total::float8 as total, n.due_amount::float8 as "dueAmount", n.refund_amount::float8 as "refundAmount", n.balance_amount::float8 as "balanceAmount", n.reason, n.seller, n.buyer, n.issued_at as "issuedAt", n.documented_at as "documentedAt", n.created_at as "createdAt"`;

type InvoiceKey = Pick<CreditNote, 'customerId' | 'invoiceId'>;

/** SQL of credit notes. */
@Injectable()
export class CreditNotesRepository {
  constructor(private readonly database: Database) {}

  async insert(note: CreditNote): Promise<void> {
    await this.database.write(
      `insert into credit_notes (customer_id, id, product_id, invoice_id, test_clock_id, serial, number, currency, lines, taxes, subtotal, tax_total, total, due_amount, refund_amount, balance_amount, reason, seller, buyer, issued_at, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
      [
        note.customerId,
        note.id,
        note.productId,
        note.invoiceId,
        note.testClockId,
        note.serial,
        note.number,
        note.currency,
        JSON.stringify(note.lines),
        JSON.stringify(note.taxes),
        note.subtotal,
        note.taxTotal,
        note.total,
        note.dueAmount,
        note.refundAmount,
        note.balanceAmount,
        note.reason,
        JSON.stringify(note.seller),
        JSON.stringify(note.buyer),
        note.issuedAt,
        note.createdAt,
      ],
    );
  }

  async find(id: string): Promise<CreditNote | null> {
    const [note] = await this.select('n.id = $1', [id]);
    return note ?? null;
  }

  /** All credit notes of an invoice, oldest first. */
  ofInvoice({ customerId, invoiceId }: InvoiceKey): Promise<CreditNote[]> {
    return this.select('n.customer_id = $1 and n.invoice_id = $2 order by n.id', [customerId, invoiceId]);
  }

  /** Lists the credit notes of an invoice, newest first. */
  list({ customerId, invoiceId }: InvoiceKey, { after, limit }: PageRequest): Promise<CreditNote[]> {
    return this.select(
      `n.customer_id = $1 and n.invoice_id = $2 and ($3::uuid is null or n.id < $3) order by n.id desc limit ${limit + 1}`,
      [customerId, invoiceId, after],
    );
  }

  /** Dates within the lines are texts in the database. */
  private async select(condition: string, values: unknown[]): Promise<CreditNote[]> {
    const rows = await this.database.query<CreditNote>(
      `select ${COLUMNS} from credit_notes n where ${condition}`,
      values,
    );
    return rows.map((note) => ({
      ...note,
      lines: note.lines.map((line) => ({
        ...line,
        service: { start: new Date(line.service.start), end: new Date(line.service.end) },
      })),
    }));
  }
}
