import { Injectable } from '@nestjs/common';
import { CatalogReader, formatNumber } from '@app/catalog';
import { Events } from '@app/events';
import { type Actor, newId } from '@app/kernel';
import { CreditBalances } from './credit-balances.service.js';
import { CreditNotesRepository } from './credit-notes.repository.js';
import { DocumentNumbersRepository } from './document-numbers.repository.js';
import { creditNoteFor, type CreditRequest } from './domain/credit-note.js';
import type { CreditNote, Invoice } from './domain/invoice.js';
import { withCredit } from './domain/settlement.js';
import { Dunning } from './dunning.service.js';
import { invoiceEvent } from './invoice-event.js';
import { InvoicesRepository } from './invoices.repository.js';
import { creditNoteEvent } from './payment-event.js';

const DEFAULT_FORMAT = 'CN-{year}-{number}';

/** How a credit note is issued. */
export interface CreditNoteTerms {
  /** At most this part of what was paid already is paid back; the rest goes to the credit balance. */
  refundable: number;
  reason: string;
  actor: Actor;
  now: Date;
}

/** Stores credit notes, with what they mean for their invoice and the credit balance. */
@Injectable()
export class CreditNoteWriter {
  constructor(
    private readonly notes: CreditNotesRepository,
    private readonly numbers: DocumentNumbersRepository,
    private readonly invoices: InvoicesRepository,
    private readonly balances: CreditBalances,
    private readonly dunning: Dunning,
    private readonly catalog: CatalogReader,
    private readonly events: Events,
  ) {}

  /**
   * Issues a credit note against a locked invoice: what is due falls first, then what was paid. The caller makes the
   * refunds of its `refundAmount`, in the same transaction.
   * @throws DomainError `credit_too_large`, `credit_not_possible`, `invalid_fields`
   */
  async write(
    invoice: Invoice,
    request: CreditRequest,
    { refundable, reason, actor, now }: CreditNoteTerms,
  ): Promise<CreditNote> {
    const previous = await this.notes.ofInvoice({ customerId: invoice.customerId, invoiceId: invoice.id });
    const amounts = creditNoteFor(invoice, previous, request);
    const { invoice: after, dueAmount, rest } = withCredit(invoice, { total: amounts.total, now });
    const refundAmount = Math.min(rest, refundable);
    const id = newId();
    const { customerId, productId, currency } = invoice;
    await this.invoices.settle([after]);
    if (rest > refundAmount)
      await this.balances.move(invoice, {
        amount: rest - refundAmount,
        kind: 'credit_note',
        invoiceId: invoice.id,
        creditNoteId: id,
        reason,
        at: now,
      });
    const isPaid = after.status === 'paid' && invoice.status !== 'paid';
    if (isPaid) await this.dunning.recover(invoice, actor);
    const note: CreditNote = {
      ...amounts,
      ...(await this.takeNumber(productId, now)),
      id,
      customerId,
      productId,
      currency,
      invoiceId: invoice.id,
      testClockId: invoice.testClockId,
      dueAmount,
      refundAmount,
      balanceAmount: rest - refundAmount,
      reason,
      seller: invoice.seller!,
      buyer: invoice.buyer!,
      issuedAt: now,
      documentedAt: null,
      createdAt: now,
    };
    await this.notes.insert(note);
    const before = { status: invoice.status, credited: invoice.credited, due: invoice.due };
    await this.events.recordMany([
      creditNoteEvent(note, actor),
      ...(isPaid ? [invoiceEvent('invoice.paid', after, { at: now, actor, reason, before })] : []),
    ]);
    return note;
  }

  /** Last of all locks: the numbers of a seller are held for the shortest time. */
  private async takeNumber(productId: string, now: Date): Promise<Pick<CreditNote, 'serial' | 'number'>> {
    const format = (await this.catalog.billingOf(productId))?.creditNoteNumberFormat ?? DEFAULT_FORMAT;
    const serial = await this.numbers.take(productId, 'credit_note', 1);
    return { serial, number: formatNumber(format, { serial, year: now.getUTCFullYear() }) };
  }
}
