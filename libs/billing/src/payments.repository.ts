import { Injectable } from '@nestjs/common';
import type { PageRequest, ScopeFilter } from '@app/kernel';
import { Database, inScope } from '@app/platform';
import type { Invoice } from './domain/invoice.js';
import type { Payment, PaymentStatus, ProviderName } from './domain/payment.js';

/** Filter of a list; instants bound `createdAt`, `from` inclusive and `to` exclusive. */
export interface PaymentFilter {
  /** Scope of the caller. */
  scope: ScopeFilter;
  invoiceId?: string;
  status?: PaymentStatus;
  from?: Date;
  to?: Date;
}

const COLUMNS = `p.customer_id as "customerId", p.id, p.product_id as "productId", p.invoice_id as "invoiceId", p.provider, p.provider_id as "providerId", p.payment_method_id as "paymentMethodId", p.attempt, p.amount::float8 as amount, p.refunded::float8 as refunded, p.excess::float8 as excess, p.currency, p.status, p.failure_code as "failureCode", p.hard, p.action_url as "actionUrl", p.reference, p.disputed_at as "disputedAt", p.check_at as "checkAt", p.created_at as "createdAt", p.updated_at as "updatedAt"`;
/** SQL condition: its outcome is not known yet. */
const UNDER_WAY = `p.status in ('pending', 'requires_action')`;
/** SQL condition: a part of what it paid on its invoice was not refunded. */
const REFUNDABLE = `p.status in ('succeeded', 'partially_refunded') and p.refunded + p.excess < p.amount`;

/** When it succeeded or failed, in an update: a success after a failure sets it again, a refund or dispute does not. */
const SETTLED_AT = `case when $5 in ('pending', 'requires_action') then null when settled_at is null or (status = 'failed' and $5 <> 'failed') then $11 else settled_at end`;

type InvoiceKey = Pick<Payment, 'customerId' | 'invoiceId'>;

/** SQL of payments. */
@Injectable()
export class PaymentsRepository {
  constructor(private readonly database: Database) {}

  /** @throws database error for a second payment of an invoice that is under way, or of the same attempt */
  async insert(payment: Payment): Promise<void> {
    await this.database.write(
      `insert into payments (customer_id, id, product_id, invoice_id, provider, provider_id, payment_method_id, attempt, amount, refunded, currency, status, reference, check_at, created_at, updated_at, settled_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, case when $12 not in ('pending', 'requires_action') then $15::timestamptz end)`,
      [
        payment.customerId,
        payment.id,
        payment.productId,
        payment.invoiceId,
        payment.provider,
        payment.providerId,
        payment.paymentMethodId,
        payment.attempt,
        payment.amount,
        payment.refunded,
        payment.currency,
        payment.status,
        payment.reference,
        payment.checkAt,
        payment.createdAt,
      ],
    );
  }

  /** Writes a locked payment. */
  async update(payment: Payment): Promise<void> {
    await this.database.write(
      `update payments set provider_id = $3, refunded = $4, status = $5, failure_code = $6, hard = $7, action_url = $8, disputed_at = $9, check_at = $10, updated_at = $11, excess = $12, settled_at = ${SETTLED_AT}
       where customer_id = $1 and id = $2`,
      [
        payment.customerId,
        payment.id,
        payment.providerId,
        payment.refunded,
        payment.status,
        payment.failureCode,
        payment.hard,
        payment.actionUrl,
        payment.disputedAt,
        payment.checkAt,
        payment.updatedAt,
        payment.excess,
      ],
    );
  }

  find(id: string): Promise<Payment | null> {
    return this.one('p.id = $1', [id]);
  }

  findByProvider(provider: ProviderName, providerId: string): Promise<Payment | null> {
    return this.one('p.provider = $1 and p.provider_id = $2', [provider, providerId]);
  }

  /** Reads and locks a payment until the transaction ends. */
  async lock({ customerId, id }: Pick<Payment, 'customerId' | 'id'>): Promise<Payment | null> {
    const [row] = await this.database.write<Payment>(
      `select ${COLUMNS} from payments p where p.customer_id = $1 and p.id = $2 for update`,
      [customerId, id],
    );
    return row ?? null;
  }

  /** The payment of an invoice whose outcome is not known yet. At most one: a unique index. */
  findUnderWay({ customerId, invoiceId }: InvoiceKey): Promise<Payment | null> {
    return this.one(`p.customer_id = $1 and p.invoice_id = $2 and ${UNDER_WAY}`, [customerId, invoiceId]);
  }

  /** The last attempt to pay an invoice. */
  findLast({ customerId, invoiceId }: InvoiceKey): Promise<Payment | null> {
    return this.one('p.customer_id = $1 and p.invoice_id = $2', [customerId, invoiceId]);
  }

  /** Locks the payments of an invoice from which something can be paid back, newest first. */
  lockRefundable({ customerId, invoiceId }: InvoiceKey): Promise<Payment[]> {
    return this.database.write<Payment>(
      `select ${COLUMNS} from payments p where p.customer_id = $1 and p.invoice_id = $2
         and ${REFUNDABLE} order by p.attempt desc for update`,
      [customerId, invoiceId],
    );
  }

  /** The same over all invoices of the subscription of an invoice, or of its product when it has none. */
  lockRefundableBeside({
    customerId,
    productId,
    subscriptionId,
    currency,
  }: Pick<Invoice, 'customerId' | 'productId' | 'subscriptionId' | 'currency'>): Promise<Payment[]> {
    return this.database.write<Payment>(
      `select ${COLUMNS} from payments p join invoices i on i.customer_id = p.customer_id and i.id = p.invoice_id
       where p.customer_id = $1 and p.product_id = $2 and p.currency = $4 and ($3::uuid is null or i.subscription_id = $3)
         and ${REFUNDABLE} order by p.id desc for update of p`,
      [customerId, productId, subscriptionId, currency],
    );
  }

  /** Leases pending payments whose outcome is due for a check: one whose worker dies is due again after the lease. */
  claimDue(now: Date, leasedUntil: Date, limit: number): Promise<Payment[]> {
    return this.claim('p.check_at <= $1', now, leasedUntil, limit);
  }

  /** Payments of which the payer has not confirmed the charge, oldest first: since `before`, or by the test clocks. */
  unconfirmedSince(before: Date, limit: number): Promise<Payment[]> {
    return this.many(
      `p.status = 'requires_action' and p.created_at <= $1 and (select c.test_clock_id from customers c where c.id = p.customer_id) is null`,
      [before],
      `p.created_at limit ${limit}`,
    );
  }

  unconfirmedOnClock(testClockId: string, before: Date, limit: number): Promise<Payment[]> {
    return this.many(
      `p.status = 'requires_action' and p.created_at <= $2 and p.customer_id in (select c.id from customers c where c.test_clock_id = $1)`,
      [testClockId, before],
      `p.created_at limit ${limit}`,
    );
  }

  /** When the oldest payment on a test clock that waits for its payer was made; null when none waits. */
  async oldestUnconfirmedOnClock(testClockId: string): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date | null }>(
      `select min(p.created_at) as at from payments p where p.status = 'requires_action'
         and p.customer_id in (select c.id from customers c where c.test_clock_id = $1)`,
      [testClockId],
    );
    return row!.at;
  }

  /** The test clock of the customer of a payment. */
  async customerOf({ customerId }: Pick<Payment, 'customerId'>): Promise<{ testClockId: string | null }> {
    const [row] = await this.database.query<{ testClockId: string | null }>(
      'select test_clock_id as "testClockId" from customers where id = $1',
      [customerId],
    );
    return row!;
  }

  /** Payments under way since before an instant of real time, by their ids, oldest first. */
  underWayBefore(idBefore: string, after: string | null, limit: number): Promise<Payment[]> {
    return this.many(
      `${UNDER_WAY} and p.id < $1 and ($2::uuid is null or p.id > $2)`,
      [idBefore, after],
      `p.id limit ${limit}`,
    );
  }

  /** A page of payments at providers, in the order of their ids: those made after a point. */
  made(after: string, limit: number): Promise<Payment[]> {
    return this.many(`p.id > $1 and p.provider <> 'manual'`, [after], `p.id limit ${limit}`);
  }

  /** Lists payments, newest first. */
  async list({ after, limit }: PageRequest, { scope, ...filter }: PaymentFilter): Promise<Payment[]> {
    const values: unknown[] = [];
    const conditions = [inScope(scope, { customer: 'p.customer_id', product: 'p.product_id' }, values)];
    const add = (condition: (place: string) => string, value: unknown): void => {
      if (value !== undefined && value !== null) conditions.push(condition(`$${values.push(value)}`));
    };
    add((place) => `p.id < ${place}`, after);
    add((place) => `p.invoice_id = ${place}`, filter.invoiceId);
    add((place) => `p.status = ${place}`, filter.status);
    add((place) => `p.created_at >= ${place}`, filter.from);
    add((place) => `p.created_at < ${place}`, filter.to);
    return this.many(conditions.join(' and '), values, `p.id desc limit ${limit + 1}`);
  }

  private claim(condition: string, now: Date, leasedUntil: Date, limit: number): Promise<Payment[]> {
    return this.database.write<Payment>(
      `update payments p set check_at = $2 where (p.customer_id, p.id) in (
         select p.customer_id, p.id from payments p where ${condition} and p.status = 'pending'
         order by p.check_at limit $3 for update skip locked)
       returning ${COLUMNS}`,
      [now, leasedUntil, limit],
    );
  }

  private many(condition: string, values: unknown[], order: string): Promise<Payment[]> {
    return this.database.query<Payment>(
      `select ${COLUMNS} from payments p where ${condition} order by ${order}`,
      values,
    );
  }

  /** The newest that fulfils the condition. */
  private async one(condition: string, values: unknown[]): Promise<Payment | null> {
    const [row] = await this.many(condition, values, 'p.attempt desc limit 1');
    return row ?? null;
  }
}
