import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { ProviderName } from './domain/payment.js';

/** A customer at a provider. */
export interface PaymentAccount {
  customerId: string;
  provider: ProviderName;
  providerId: string;
}

const COLUMNS = `a.customer_id as "customerId", a.provider, a.provider_id as "providerId"`;

/** SQL of the accounts of customers at providers. */
@Injectable()
export class PaymentAccountsRepository {
  constructor(private readonly database: Database) {}

  /** The id of a customer at a provider. */
  async find(customerId: string, provider: ProviderName): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }>(
      'select provider_id as id from payment_accounts where customer_id = $1 and provider = $2',
      [customerId, provider],
    );
    return row?.id ?? null;
  }

  async customerOf(provider: ProviderName, providerId: string): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }>(
      'select customer_id as id from payment_accounts where provider = $1 and provider_id = $2',
      [provider, providerId],
    );
    return row?.id ?? null;
  }

  /**
   * Stores the account unless the customer has one. It waits for a deletion of the customer that is under way: the
   * account of a deleted customer is deleted too.
   */
  async insert(customerId: string, provider: ProviderName, providerId: string, now: Date): Promise<void> {
    await this.database.write(
      `insert into payment_accounts (customer_id, provider, provider_id, created_at, delete_at)
       select c.id, $2, $3, $4, case when c.deleted_at is not null then $4::timestamptz end from customers c where c.id = $1 for share of c
       on conflict (customer_id, provider) do nothing`,
      [customerId, provider, providerId, now],
    );
  }

  /** Marks the accounts of a customer to be deleted at their providers. */
  async requestDeletion(customerId: string, now: Date): Promise<void> {
    await this.database.write(
      'update payment_accounts set delete_at = $2 where customer_id = $1 and deleted_at is null',
      [customerId, now],
    );
  }

  /**
   * Leases accounts to delete until `leasedUntil`, which are due again after that. One with a payment under way waits
   * for its outcome.
   */
  claimDeletions(now: Date, leasedUntil: Date, limit: number): Promise<PaymentAccount[]> {
    return this.database.write<PaymentAccount>(
      `update payment_accounts a set delete_at = $2 where (a.customer_id, a.provider) in (
         select a.customer_id, a.provider from payment_accounts a where a.delete_at <= $1
           and not exists (select 1 from payments p where p.customer_id = a.customer_id and p.status in ('pending', 'requires_action'))
         order by a.delete_at limit $3 for update skip locked)
       returning ${COLUMNS}`,
      [now, leasedUntil, limit],
    );
  }

  async markDeleted({ customerId, provider }: PaymentAccount, now: Date): Promise<void> {
    await this.database.write(
      'update payment_accounts set delete_at = null, deleted_at = $3 where customer_id = $1 and provider = $2',
      [customerId, provider, now],
    );
  }

  async deleteLater({ customerId, provider }: PaymentAccount, at: Date): Promise<void> {
    await this.database.write(
      'update payment_accounts set delete_at = $3 where customer_id = $1 and provider = $2 and deleted_at is null',
      [customerId, provider, at],
    );
  }
}
