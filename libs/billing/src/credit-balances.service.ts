import { Injectable } from '@nestjs/common';
import { newId, type Page, type PageRequest, type ScopeFilter, toPage } from '@app/kernel';
import {
  type BalanceEntry,
  type BalanceKey,
  type CreditBalance,
  CreditBalancesRepository,
} from './credit-balances.repository.js';
import type { Invoice } from './domain/invoice.js';

/** The part of an invoice that the balance needs: its id, its total, and the key of the balance. */
type Payable = Pick<Invoice, 'id' | 'customerId' | 'productId' | 'currency' | 'total'>;

/** Money that the seller owes to customers. It pays their next invoices first. */
@Injectable()
export class CreditBalances {
  constructor(private readonly balances: CreditBalancesRepository) {}

  /**
   * Applies the balances of customers to their invoices that are finalized now, in the given order: a negative total
   * pays into the balance, a positive one is paid from it as far as it reaches. Needs the transaction that finalizes
   * them.
   * @returns the amount paid from the balance, by invoice id: negative for a credit; absent when nothing was paid
   * @example const paid = (await balances.apply(invoices, now)).get(invoice.id) ?? 0;
   */
  async apply(invoices: Payable[], now: Date): Promise<Map<string, number>> {
    const paid = new Map<string, number>();
    const owing = invoices.filter(({ total }) => total !== 0);
    if (owing.length === 0) return paid;
    const left = new Map((await this.balances.lockMany(owing)).map((row) => [keyOf(row), row.balance]));
    const entries: BalanceEntry[] = [];
    for (const invoice of owing) {
      const key = keyOf(invoice);
      const balance = left.get(key) ?? 0;
      const amount = invoice.total < 0 ? invoice.total : Math.min(balance, invoice.total);
      if (amount === 0) continue;
      left.set(key, balance - amount);
      paid.set(invoice.id, amount);
      entries.push(entryOf(invoice, -amount, now));
    }
    await this.balances.add(entries, now);
    return paid;
  }

  /**
   * Invoices with the amount that would be due after the balance of now has paid its part. Nothing is written.
   * @param invoices at most one of a balance
   */
  async withDue<I extends Payable>(invoices: I[]): Promise<I[]> {
    if (invoices.length === 0) return [];
    const left = new Map((await this.balances.find(invoices)).map((row) => [keyOf(row), row.balance]));
    return invoices.map((invoice) => ({
      ...invoice,
      due: Math.max(0, invoice.total - Math.max(0, left.get(keyOf(invoice)) ?? 0)),
    }));
  }

  /** The balances in the scope. */
  list(scope: ScopeFilter): Promise<CreditBalance[]> {
    return this.balances.list(scope);
  }

  /** The changes of balances in the scope, newest first. */
  async entries(scope: ScopeFilter, page: PageRequest): Promise<Page<BalanceEntry>> {
    return toPage(await this.balances.entries(scope, page), page.limit);
  }

  /**
   * Changes a balance by an amount that is not zero. Needs a transaction.
   * @throws database error when the balance would fall below zero: lock it with `lock` first
   * @example await balances.move(invoice, { amount: 500, kind: 'credit_note', invoiceId: invoice.id, at: now });
   */
  async move(
    { customerId, productId, currency }: BalanceKey,
    { amount, kind, invoiceId = null, creditNoteId = null, reason = null, at }: BalanceMove,
  ): Promise<void> {
    const entry = { id: newId(), customerId, productId, currency, amount, kind, invoiceId, creditNoteId, reason, at };
    await this.balances.add([entry], at);
  }

  /** Locks a balance until the transaction ends. @returns its amount */
  async lock(key: BalanceKey): Promise<number> {
    const locked = await this.balances.lockMany([key]);
    return locked.find((one) => keyOf(one) === keyOf(key))?.balance ?? 0;
  }
}

/** A change of one balance. */
export type BalanceMove = Pick<BalanceEntry, 'amount' | 'kind' | 'at'> &
  Partial<Pick<BalanceEntry, 'invoiceId' | 'creditNoteId' | 'reason'>>;

const keyOf = ({ customerId, productId, currency }: BalanceKey): string => `${customerId} ${productId} ${currency}`;

const entryOf = ({ id, customerId, productId, currency }: Payable, amount: number, at: Date): BalanceEntry => ({
  id: newId(),
  customerId,
  productId,
  currency,
  amount,
  kind: amount > 0 ? 'invoice_credit' : 'invoice_payment',
  invoiceId: id,
  creditNoteId: null,
  reason: null,
  at,
});
