import { Injectable } from '@nestjs/common';
import { arrayLiteral, Database } from '@app/platform';
import type { Checkout } from '../domain/checkout.js';

const COLUMNS = `k.id, k.customer_id as "customerId", k.product_id as "productId", k.test_clock_id as "testClockId", k.subscription_id as "subscriptionId",
  k.invoice_id as "invoiceId", k.kind, k.request, k.status, k.billed_sequence::float8 as "billedSequence", k.expires_at as "expiresAt", k.version,
  k.created_at as "createdAt", k.updated_at as "updatedAt"`;

type InvoiceKey = Pick<Checkout, 'customerId' | 'invoiceId'>;

/** SQL of checkouts. */
@Injectable()
export class CheckoutsRepository {
  constructor(private readonly database: Database) {}

  /** @throws database error `checkouts_one_open` while the customer has another open one on the product */
  async insert(checkout: Checkout): Promise<void> {
    await this.database.write(
      `insert into checkouts (customer_id, id, product_id, test_clock_id, subscription_id, invoice_id, kind, request, status, billed_sequence, expires_at, version, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)`,
      [
        checkout.customerId,
        checkout.id,
        checkout.productId,
        checkout.testClockId,
        checkout.subscriptionId,
        checkout.invoiceId,
        checkout.kind,
        JSON.stringify(checkout.request),
        checkout.status,
        checkout.billedSequence,
        checkout.expiresAt,
        checkout.version,
        checkout.createdAt,
      ],
    );
  }

  /** Writes a checkout whose invoice is locked. */
  async update({ customerId, id, status, billedSequence, expiresAt, version, updatedAt }: Checkout): Promise<void> {
    await this.database.write(
      'update checkouts set status = $3, billed_sequence = $4, expires_at = $5, version = $6, updated_at = $7 where customer_id = $1 and id = $2',
      [customerId, id, status, billedSequence, expiresAt, version, updatedAt],
    );
  }

  /** Makes an open checkout due later. */
  async postpone({ customerId, id }: Pick<Checkout, 'customerId' | 'id'>, until: Date): Promise<void> {
    await this.database.write(
      `update checkouts set expires_at = $3 where customer_id = $1 and id = $2 and status = 'open'`,
      [customerId, id, until],
    );
  }

  async find(id: string): Promise<Checkout | null> {
    const [row] = await this.database.query<Checkout>(`select ${COLUMNS} from checkouts k where k.id = $1`, [id]);
    return row ?? null;
  }

  /** The checkout of an invoice, which is locked: every writer locks the invoice first. */
  async ofInvoice({ customerId, invoiceId }: InvoiceKey): Promise<Checkout | null> {
    const [row] = await this.database.query<Checkout>(
      `select ${COLUMNS} from checkouts k where k.customer_id = $1 and k.invoice_id = $2`,
      [customerId, invoiceId],
    );
    return row ?? null;
  }

  /** The open checkout of a customer on a product. */
  async findOpen({ customerId, productId }: Pick<Checkout, 'customerId' | 'productId'>): Promise<Checkout | null> {
    const [row] = await this.database.query<Checkout>(
      `select ${COLUMNS} from checkouts k where k.customer_id = $1 and k.product_id = $2 and k.status = 'open'`,
      [customerId, productId],
    );
    return row ?? null;
  }

  /** Open checkouts that are due to be given up, in real time. */
  due(now: Date, limit: number): Promise<Checkout[]> {
    return this.database.query<Checkout>(
      `select ${COLUMNS} from checkouts k where k.status = 'open' and k.test_clock_id is null and k.expires_at <= $1 order by k.expires_at limit $2`,
      [now, limit],
    );
  }

  /** As `due`, on a test clock. */
  dueOnClock(clockId: string, now: Date, limit: number): Promise<Checkout[]> {
    return this.database.query<Checkout>(
      `select ${COLUMNS} from checkouts k where k.status = 'open' and k.test_clock_id = $1 and k.expires_at <= $2 order by k.expires_at limit $3`,
      [clockId, now, limit],
    );
  }

  async nextOnClock(clockId: string): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date | null }>(
      `select min(expires_at) as at from checkouts where status = 'open' and test_clock_id = $1`,
      [clockId],
    );
    return row!.at;
  }

  /** Events of subscriptions that an invoice has charged before they happened: `subscription:sequence`. */
  async billedEvents(subscriptionIds: string[]): Promise<Set<string>> {
    const rows = await this.database.query<{ event: string }>(
      `select subscription_id || ':' || billed_sequence as event from checkouts where subscription_id = any($1::uuid[]) and billed_sequence is not null`,
      [arrayLiteral(subscriptionIds)],
    );
    return new Set(rows.map(({ event }) => event));
  }

  /** Sequence of the last event of a subscription that this transaction has locked. */
  async lastSequence(subscriptionId: string): Promise<number> {
    const [row] = await this.database.query<{ last: number }>(
      'select last::float8 as last from event_sequences where subject_id = $1',
      [subscriptionId],
    );
    return row!.last;
  }
}
