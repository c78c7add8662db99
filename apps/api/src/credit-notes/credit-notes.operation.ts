import { Injectable } from '@nestjs/common';
import { actorOf, type Principal } from '@app/auth';
import { type CreditNote, CreditNotes, type CreditRequest, type Invoice, PaymentsService } from '@app/billing';
import { CatalogReader } from '@app/catalog';
import { CustomersService } from '@app/customers';
import { invalidField, type Page, type PageRequest } from '@app/kernel';
import type { CreateCreditNoteDto } from './dto/create-credit-note.dto.js';
import { CreditNoteDto } from './dto/credit-note.dto.js';

/** Credit notes in the scope of the caller, with the keys that callers know. */
@Injectable()
export class CreditNotesOperation {
  constructor(
    private readonly notes: CreditNotes,
    private readonly payments: PaymentsService,
    private readonly catalog: CatalogReader,
    private readonly customers: CustomersService,
  ) {}

  /** @throws DomainError `invoice_not_found`, and the errors of `CreditNotes.create` */
  async create(invoiceId: string, body: CreateCreditNoteDto, principal: Principal): Promise<CreditNoteDto> {
    const { to, reason } = body;
    const request = requestOf(body);
    const invoice = await this.invoice(invoiceId, principal);
    return this.present(await this.notes.create(invoice, { request, to, reason, actor: actorOf(principal) }));
  }

  /** An invoice in the scope of the caller. @throws DomainError `invoice_not_found` */
  invoice(id: string, { scope }: Principal): Promise<Invoice> {
    return this.payments.invoice(id, scope.filter);
  }

  /** Lists the credit notes of an invoice, newest first. */
  async list(invoice: Invoice, page: PageRequest): Promise<Page<CreditNoteDto>> {
    const { data, hasMore } = await this.notes.list(invoice, page);
    return { data: await Promise.all(data.map((note) => this.present(note))), hasMore };
  }

  /** @throws DomainError `credit_note_not_found` */
  async get(id: string, { scope }: Principal): Promise<CreditNoteDto> {
    return this.present(await this.notes.get(id, scope.filter));
  }

  private async present(note: CreditNote): Promise<CreditNoteDto> {
    const keys = await this.customers.keysOf([note.customerId]);
    const product = await this.catalog.productKey(note.productId);
    return CreditNoteDto.of({ ...note, customer: keys.get(note.customerId)!, product });
  }
}

function requestOf({ amount, lines }: CreateCreditNoteDto): CreditRequest {
  if ((amount === undefined) === (lines === undefined))
    throw invalidField('amount', 'must be given, or else lines, but not both');
  return lines ? { lines } : { amount: amount! };
}
