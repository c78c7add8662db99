import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { Language } from '@app/users';
import type { BillingMailKind } from '../domain/billing-mail.js';
import type { Party } from '../domain/invoice.js';

/** An invoice or a credit note as its mails show it. */
export interface MailedDocument {
  customerId: string;
  status: string;
  number: string;
  currency: string;
  total: number;
  due: number;
  dueAt: Date | null;
  isCharged: boolean;
  nextAttemptAt: Date | null;
  seller: Party;
  /** Of the document. */
  language: Language | null;
  /** The PDF; null when none was requested. */
  pdf: Buffer | null;
}

/** SQL of what mails show. */
@Injectable()
export class BillingMailsRepository {
  constructor(private readonly database: Database) {}

  /** A finalized invoice; with its PDF where the mail sends it. */
  async findInvoice(id: string, kind: BillingMailKind): Promise<MailedDocument | null> {
    const [row] = await this.database.query<MailedDocument>(
      `select i.customer_id as "customerId", i.status, i.number, i.currency, i.total::float8 as total, i.due::float8 as due, i.due_at as "dueAt",
         i.collection = 'charge_automatically' as "isCharged", i.next_attempt_at as "nextAttemptAt", i.seller, i.buyer->>'language' as language, d.content as pdf
       from invoices i left join invoice_documents d on d.customer_id = i.customer_id and d.document_id = i.id and d.kind = 'pdf' and $2
       where i.id = $1 and i.number is not null`,
      [id, kind === 'invoice'],
    );
    return row ?? null;
  }

  async findCreditNote(id: string): Promise<MailedDocument | null> {
    const [row] = await this.database.query<MailedDocument>(
      `select n.customer_id as "customerId", 'issued' as status, n.number, n.currency, n.total::float8 as total, 0::float8 as due, null as "dueAt",
         false as "isCharged", null as "nextAttemptAt", n.seller, n.buyer->>'language' as language, d.content as pdf
       from credit_notes n left join invoice_documents d on d.customer_id = n.customer_id and d.document_id = n.id and d.kind = 'pdf' where n.id = $1`,
      [id],
    );
    return row ?? null;
  }
}
