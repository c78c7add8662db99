import { Injectable } from '@nestjs/common';
import type { PageRequest, ScopeFilter } from '@app/kernel';
import { arrayLiteral, Database, inScope } from '@app/platform';

/** Whose balance: of a customer with a product, in one currency. */
export interface BalanceKey {
  customerId: string;
  productId: string;
  currency: string;
}

export interface CreditBalance extends BalanceKey {
  balance: number;
}

/** Why a balance changed. `invoice_payment` is negative, `invoice_credit` and `credit_note` are positive. */
export type BalanceEntryKind = 'invoice_credit' | 'invoice_payment' | 'credit_note' | 'refund' | 'adjustment';

/** A change of a balance. Entries are never changed or deleted: their sum is the balance. */
export interface BalanceEntry extends BalanceKey {
  id: string;
  amount: number;
  kind: BalanceEntryKind;
  invoiceId: string | null;
  creditNoteId: string | null;
  reason: string | null;
  at: Date;
}

/** SQL of credit balances. */
@Injectable()
export class CreditBalancesRepository {
  constructor(private readonly database: Database) {}

  /** The balances in the scope. */
  list(scope: ScopeFilter): Promise<CreditBalance[]> {
    const values: unknown[] = [];
    const condition = inScope(scope, { customer: 'b.customer_id', product: 'b.product_id' }, values);
    return this.database.query(
      `select b.customer_id as "customerId", b.product_id as "productId", b.currency, b.balance::float8 as balance from credit_balances b
       where ${condition} order by b.customer_id, b.product_id, b.currency`,
      values,
    );
  }

  /** Entries in the scope, newest first. */
  entries(scope: ScopeFilter, { after, limit }: PageRequest): Promise<BalanceEntry[]> {
    const values: unknown[] = [after];
    const condition = inScope(scope, { customer: 'e.customer_id', product: 'e.product_id' }, values);
    return this.database.query(
      `select e.customer_id as "customerId", e.id, e.product_id as "productId", e.currency, e.amount::float8 as amount, e.kind, e.invoice_id as "invoiceId", e.credit_note_id as "creditNoteId", e.reason, e.at
       from credit_balance_entries e where ${condition} and ($1::uuid is null or e.id < $1) order by e.id desc limit ${limit + 1}`,
      values,
    );
  }

  /** Balances that are above zero. */
  find(keys: BalanceKey[]): Promise<CreditBalance[]> {
    return this.database.query(
      `select b.customer_id as "customerId", b.product_id as "productId", b.currency, b.balance::float8 as balance from credit_balances b
       join (select distinct * from unnest($1::uuid[], $2::uuid[], $3::text[]) k (customer, product, currency)) k
         on b.customer_id = k.customer and b.product_id = k.product and b.currency = k.currency where b.balance > 0`,
      [
        arrayLiteral(keys.map(({ customerId }) => customerId)),
        arrayLiteral(keys.map(({ productId }) => productId)),
        arrayLiteral(keys.map(({ currency }) => currency)),
      ],
    );
  }

  /** Locks balances that are above zero, in the order of their keys, so that two transactions cannot deadlock here. */
  lockMany(keys: BalanceKey[]): Promise<CreditBalance[]> {
    return this.database.write(
      `select b.customer_id as "customerId", b.product_id as "productId", b.currency, b.balance::float8 as balance from credit_balances b
       where b.customer_id = any($1::uuid[]) and b.balance > 0 order by b.customer_id, b.product_id, b.currency for update`,
      [arrayLiteral([...new Set(keys.map(({ customerId }) => customerId))])],
    );
  }

  /**
   * Adds entries and their amounts to the balances. Balances that are lowered are locked.
   * @throws database error when a balance would fall below zero
   */
  async add(entries: BalanceEntry[], now: Date): Promise<void> {
    if (entries.length === 0) return;
    const rows = [
      JSON.stringify(
        entries.map(({ customerId, productId, currency, amount, kind, invoiceId, creditNoteId, reason, at, id }) => ({
          customer_id: customerId,
          id,
          product_id: productId,
          currency,
          amount,
          kind,
          invoice_id: invoiceId,
          credit_note_id: creditNoteId,
          reason,
          at,
          created_at: now,
        })),
      ),
    ];
    await this.database.write(
      `insert into credit_balance_entries (customer_id, id, product_id, currency, amount, kind, invoice_id, credit_note_id, reason, at, created_at)
       select customer_id, id, product_id, currency, amount, kind, invoice_id, credit_note_id, reason, at, created_at
       from json_populate_recordset(null::credit_balance_entries, $1::json)`,
      rows,
    );
    // An insert checks the row that is proposed before it finds the one that exists, so what lowers is an update.
    await this.database.write(
      `with given as (select customer_id, product_id, currency, sum(amount)::bigint as amount from json_populate_recordset(null::credit_balance_entries, $1::json) group by 1, 2, 3),
         lowered as (update credit_balances b set balance = b.balance + g.amount from given g
           where g.amount < 0 and b.customer_id = g.customer_id and b.product_id = g.product_id and b.currency = g.currency)
       insert into credit_balances as b (customer_id, product_id, currency, balance)
         select customer_id, product_id, currency, amount from given where amount > 0 order by customer_id, product_id, currency
         on conflict (customer_id, product_id, currency) do update set balance = b.balance + excluded.balance`,
      rows,
    );
  }
}
