import type { CreditNote, CreditNoteLine, InvoiceTax } from '@app/billing';

/** A line of a credit note. */
export class CreditNoteLineDto {
  /** Position on the invoice, from 1. */
  line: number;
  description: string;
  /** Minor units, after discounts, without exclusive taxes. */
  amount: number;
  /** Minor units, with taxes. */
  total: number;
  /** Start of the service that the line of the invoice pays for. */
  periodStart: Date;
  /** End of that service, exclusive. */
  periodEnd: Date;

  static of({ invoiceLine, description, amount, total, service }: CreditNoteLine): CreditNoteLineDto {
    return { line: invoiceLine, description, amount, total, periodStart: service.start, periodEnd: service.end };
  }
}

/** The tax of one rate on a credit note. */
export class CreditNoteTaxDto {
  /** Key of the tax rate. */
  rate: string;
  name: string;
  /** Percent. @example "19" */
  percentage: string;
  inclusive: boolean;
  /** Net amount that is taxed, in minor units. */
  taxable: number;
  amount: number;

  static of({ rate, name, percentage, inclusive, taxable, amount }: InvoiceTax): CreditNoteTaxDto {
    return { rate, name, percentage, inclusive, taxable, amount };
  }
}

/** A correction of a finalized invoice. Amounts are minor units. */
export class CreditNoteDto {
  id: string;
  /** Gap-free per product. @example "CN-2026-000012" */
  number: string;
  /** Id of the invoice. */
  invoice: string;
  /** Key of the customer. */
  customer: string;
  /** Key of the product. */
  product: string;
  currency: string;
  lines: CreditNoteLineDto[];
  taxes: CreditNoteTaxDto[];
  /** Without exclusive taxes. */
  subtotal: number;
  taxTotal: number;
  total: number;
  /** The part that was due on the invoice and is not any more. */
  dueAmount: number;
  /** The part that is paid back. */
  refundAmount: number;
  /** The part that was moved to the credit balance. */
  balanceAmount: number;
  reason: string;
  issuedAt: Date;

  static of(note: CreditNote & { customer: string; product: string }): CreditNoteDto {
    return {
      id: note.id,
      number: note.number,
      invoice: note.invoiceId,
      customer: note.customer,
      product: note.product,
      currency: note.currency,
      lines: (note.lines as CreditNoteLine[]).map(CreditNoteLineDto.of),
      taxes: note.taxes.map(CreditNoteTaxDto.of),
      subtotal: note.subtotal,
      taxTotal: note.taxTotal,
      total: note.total,
      dueAmount: note.dueAmount,
      refundAmount: note.refundAmount,
      balanceAmount: note.balanceAmount,
      reason: note.reason,
      issuedAt: note.issuedAt,
    };
  }
}

export class CreditNotePageDto {
  data: CreditNoteDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
