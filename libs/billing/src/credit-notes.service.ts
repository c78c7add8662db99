import { Injectable } from '@nestjs/common';
import { CustomerTime } from '@app/customers';
import {
  type Actor,
  admits,
  DomainError,
  notFound,
  type Page,
  type PageRequest,
  type ScopeFilter,
  toPage,
} from '@app/kernel';
import { Database } from '@app/platform';
import { CreditNotesRepository } from './credit-notes.repository.js';
import { CreditNoteWriter } from './credit-note-writer.js';
import type { CreditRequest } from './domain/credit-note.js';
import type { CreditNote, Invoice } from './domain/invoice.js';
import { creditableSum } from './domain/refund.js';
import { InvoicesRepository } from './invoices.repository.js';
import { PaymentsRepository } from './payments.repository.js';
import { RefundRequests } from './refund-requests.js';

export interface CreditNoteCommand {
  request: CreditRequest;
  /** Where the part goes that was paid already. */
  to: 'refund' | 'balance';
  reason: string;
  actor: Actor;
}

/** Credit notes: corrections of finalized invoices. */
@Injectable()
export class CreditNotes {
  constructor(
    private readonly notes: CreditNotesRepository,
    private readonly writer: CreditNoteWriter,
    private readonly refunds: RefundRequests,
    private readonly invoices: InvoicesRepository,
    private readonly payments: PaymentsRepository,
    private readonly time: CustomerTime,
    private readonly database: Database,
  ) {}

  /**
   * Issues a credit note: what is due on the invoice falls first; of what was paid already, payments are paid back, or
   * it moves to the credit balance. The part that the balance had paid always goes back to it.
   * @throws DomainError `invoice_not_creditable` for a draft, a void or a negative invoice, `credit_too_large`,
   * `credit_not_possible`, `invalid_fields`
   * @example await creditNotes.create(invoice, { request: { amount: 500 }, to: 'refund', reason: 'outage', actor });
   */
  create(known: Pick<Invoice, 'customerId' | 'id'>, command: CreditNoteCommand): Promise<CreditNote> {
    const { request, to, reason, actor } = command;
    return this.database.transaction(async () => {
      const invoice = await this.invoices.lock(known);
      if (!invoice) throw notFound('invoice');
      assertCreditable(invoice);
      const now = await this.time.of(invoice);
      const key = { customerId: invoice.customerId, invoiceId: invoice.id };
      const payments = to === 'refund' ? await this.payments.lockRefundable(key) : [];
      const refundable = creditableSum(payments);
      const note = await this.writer.write(invoice, request, { refundable, reason, actor, now });
      await this.refunds.create(payments, note.refundAmount, { creditNoteId: note.id, invoiceId: null, now });
      return note;
    });
  }

  /** Lists the credit notes of an invoice, newest first. */
  async list({ customerId, id }: Pick<Invoice, 'customerId' | 'id'>, page: PageRequest): Promise<Page<CreditNote>> {
    return toPage(await this.notes.list({ customerId, invoiceId: id }, page), page.limit);
  }

  /** A credit note in the scope. @throws DomainError `credit_note_not_found` */
  async get(id: string, scope: ScopeFilter): Promise<CreditNote> {
    const note = await this.notes.find(id);
    if (!note || !admits(scope, note)) throw notFound('credit_note');
    return note;
  }
}

function assertCreditable({ status, total }: Invoice): void {
  if (status !== 'draft' && status !== 'void' && total > 0) return;
  throw new DomainError(
    'conflict',
    'invoice_not_creditable',
    'Only an invoice that is open, paid or uncollectible, with a total above zero, is credited.',
    { invoiceStatus: status },
  );
}
