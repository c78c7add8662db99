import { type BalanceEntry, type BalanceEntryKind, type CreditBalance } from '@app/billing';

/** The amount that a product owes to a customer in one currency. */
export class CreditBalanceDto {
  /** Key of the product. */
  product: string;
  currency: string;
  /** Minor units, never negative. */
  balance: number;

  static of({ currency, balance, product }: CreditBalance & { product: string }): CreditBalanceDto {
    return { product, currency, balance };
  }
}

/** A change of a credit balance. The sum of all entries is the balance. */
export class CreditBalanceEntryDto {
  id: string;
  /** Key of the product. */
  product: string;
  currency: string;
  /** Minor units; negative when the balance paid. */
  amount: number;
  /** `invoice_credit`, `invoice_payment`, `credit_note`, `refund` or `adjustment`. */
  kind: BalanceEntryKind;
  /** Id of the invoice. */
  invoice: string | null;
  /** Id of the credit note. */
  creditNote: string | null;
  reason: string | null;
  at: Date;

  static of(entry: BalanceEntry & { product: string }): CreditBalanceEntryDto {
    const { id, product, currency, amount, kind, invoiceId, creditNoteId, reason, at } = entry;
    return { id, product, currency, amount, kind, invoice: invoiceId, creditNote: creditNoteId, reason, at };
  }
}

export class CreditBalancePageDto {
  /** One for each product and currency that ever had credit. */
  balances: CreditBalanceDto[];
  /** The changes, newest first. */
  data: CreditBalanceEntryDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
