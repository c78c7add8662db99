import { Injectable } from '@nestjs/common';
import type { PageRequest } from '@app/kernel';
import { Database } from '@app/platform';
import type { PaymentMethod, ProviderName } from './domain/payment.js';

const COLUMNS = `m.customer_id as "customerId", m.id, m.provider, m.provider_id as "providerId", m.type, m.brand, m.last4, m.expires_month as "expiresMonth", m.expires_year as "expiresYear", m.is_default as "isDefault", m.created_at as "createdAt", m.detached_at as "detachedAt"`;

/** SQL of payment methods. */
@Injectable()
export class PaymentMethodsRepository {
  constructor(private readonly database: Database) {}

  /** Methods of a customer that are not detached, newest first. */
  list(customerId: string, page: PageRequest): Promise<PaymentMethod[]> {
    return this.database.query<PaymentMethod>(
      `select ${COLUMNS} from payment_methods m
       where m.customer_id = $1 and m.detached_at is null and ($2::uuid is null or m.id < $2) order by m.id desc limit $3`,
      [customerId, page.after, page.limit + 1],
    );
  }

  /** A method that is not detached. */
  async find(customerId: string, id: string): Promise<PaymentMethod | null> {
    const [row] = await this.database.query<PaymentMethod>(
      `select ${COLUMNS} from payment_methods m where m.customer_id = $1 and m.id = $2 and m.detached_at is null`,
      [customerId, id],
    );
    return row ?? null;
  }

  /** A method, detached ones too: a charge under way still needs it. */
  async findAny(customerId: string, id: string): Promise<PaymentMethod | null> {
    const [row] = await this.database.query<PaymentMethod>(
      `select ${COLUMNS} from payment_methods m where m.customer_id = $1 and m.id = $2`,
      [customerId, id],
    );
    return row ?? null;
  }

  /** The method that is charged at a provider: the default, or the newest when the default is at another provider. */
  async findChargeable(customerId: string, provider: ProviderName): Promise<PaymentMethod | null> {
    const [row] = await this.database.query<PaymentMethod>(
      `select ${COLUMNS} from payment_methods m where m.customer_id = $1 and m.provider = $2 and m.detached_at is null
       order by m.is_default desc, m.id desc limit 1`,
      [customerId, provider],
    );
    return row ?? null;
  }

  /** The id of the method that is charged at each provider. */
  async chargeable(customerId: string): Promise<Map<ProviderName, string>> {
    const rows = await this.database.query<Pick<PaymentMethod, 'provider' | 'id'>>(
      `select distinct on (m.provider) m.provider, m.id from payment_methods m
       where m.customer_id = $1 and m.detached_at is null order by m.provider, m.is_default desc, m.id desc`,
      [customerId],
    );
    return new Map(rows.map(({ provider, id }) => [provider, id]));
  }

  /** A method by its id at the provider, detached ones too. */
  async findByProvider(provider: ProviderName, providerId: string): Promise<PaymentMethod | null> {
    const [row] = await this.database.query<PaymentMethod>(
      `select ${COLUMNS} from payment_methods m where m.provider = $1 and m.provider_id = $2`,
      [provider, providerId],
    );
    return row ?? null;
  }

  async findDefault(customerId: string): Promise<PaymentMethod | null> {
    const [row] = await this.database.query<PaymentMethod>(
      `select ${COLUMNS} from payment_methods m where m.customer_id = $1 and m.is_default and m.detached_at is null`,
      [customerId],
    );
    return row ?? null;
  }

  async insert(method: PaymentMethod): Promise<void> {
    await this.database.write(
      `insert into payment_methods (customer_id, id, provider, provider_id, type, brand, last4, expires_month, expires_year, is_default, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      [
        method.customerId,
        method.id,
        method.provider,
        method.providerId,
        method.type,
        method.brand,
        method.last4,
        method.expiresMonth,
        method.expiresYear,
        method.isDefault,
        method.createdAt,
      ],
    );
  }

  /** Stores what the provider renewed. A new expiry date is announced again before it passes. */
  async renew({ customerId, id, brand, last4, expiresMonth, expiresYear }: PaymentMethod): Promise<void> {
    await this.database.write(
      `update payment_methods set brand = $3, last4 = $4, expires_month = $5, expires_year = $6, expiry_notified_at = null
       where customer_id = $1 and id = $2`,
      [customerId, id, brand, last4, expiresMonth, expiresYear],
    );
  }

  /** Makes a method the default, or none (null). Needs the lock of the customer. */
  async setDefault(customerId: string, id: string | null): Promise<void> {
    await this.database.write(
      'update payment_methods set is_default = false where customer_id = $1 and is_default and detached_at is null',
      [customerId],
    );
    if (id)
      await this.database.write('update payment_methods set is_default = true where customer_id = $1 and id = $2', [
        customerId,
        id,
      ]);
  }

  async detach({ customerId, id }: PaymentMethod, now: Date): Promise<void> {
    await this.database.write(
      'update payment_methods set detached_at = $3, is_default = false where customer_id = $1 and id = $2',
      [customerId, id, now],
    );
  }

  async erase(customerId: string, now: Date): Promise<void> {
    await this.database.write(
      `update payment_methods set detached_at = coalesce(detached_at, $2), is_default = false, brand = null, last4 = null, expires_month = null, expires_year = null
       where customer_id = $1`,
      [customerId, now],
    );
  }

  /**
   * Locks methods of customers in real time that expire before `until` and were not announced. The month on a card is
   * its last valid one.
   */
  lockExpiring(until: Date, limit: number): Promise<PaymentMethod[]> {
    return this.database.write<PaymentMethod>(
      `select ${COLUMNS} from payment_methods m join customers c on c.id = m.customer_id
       where m.detached_at is null and m.expiry_notified_at is null and c.test_clock_id is null and c.deleted_at is null
         and (m.expires_year, m.expires_month) < (extract(year from $1::timestamptz at time zone 'UTC'), extract(month from $1::timestamptz at time zone 'UTC'))
       limit $2 for update of m skip locked`,
      [until, limit],
    );
  }

  /** The same of customers on test clocks, at the time of their clock plus `days`. */
  lockExpiringOnClocks(days: number, limit: number): Promise<PaymentMethod[]> {
    return this.database.write<PaymentMethod>(
      `select ${COLUMNS} from test_clocks t join customers c on c.test_clock_id = t.id join payment_methods m on m.customer_id = c.id
       where t.deleted_at is null and c.deleted_at is null and m.detached_at is null and m.expiry_notified_at is null
         and (m.expires_year, m.expires_month) < (extract(year from (t.now + make_interval(days => $1)) at time zone 'UTC'), extract(month from (t.now + make_interval(days => $1)) at time zone 'UTC'))
       limit $2 for update of m skip locked`,
      [days, limit],
    );
  }

  async markNotified({ customerId, id }: PaymentMethod, now: Date): Promise<void> {
    await this.database.write('update payment_methods set expiry_notified_at = $3 where customer_id = $1 and id = $2', [
      customerId,
      id,
      now,
    ]);
  }
}
