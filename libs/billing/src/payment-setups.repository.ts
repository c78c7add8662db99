import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { ProviderName } from './domain/payment.js';

/** The entry of a payment method that was started on a page of a provider. */
export interface PaymentSetup {
  provider: ProviderName;
  providerId: string;
  createdAt: Date;
}

/** SQL of setups that are not known to be finished. */
@Injectable()
export class PaymentSetupsRepository {
  constructor(private readonly database: Database) {}

  async insert(customerId: string, { provider, providerId, createdAt }: PaymentSetup, checkAt: Date): Promise<void> {
    await this.database.write(
      `insert into payment_setups (provider, provider_id, customer_id, created_at, check_at) values ($1, $2, $3, $4, $5)`,
      [provider, providerId, customerId, createdAt, checkAt],
    );
  }

  /** Leases due setups until `leasedUntil`: one whose worker dies is due again after that. */
  claimDue(now: Date, leasedUntil: Date, limit: number): Promise<PaymentSetup[]> {
    return this.database.write<PaymentSetup>(
      `update payment_setups s set check_at = $2 where (s.provider, s.provider_id) in (
         select s.provider, s.provider_id from payment_setups s where s.check_at <= $1
         order by s.check_at limit $3 for update skip locked)
       returning s.provider, s.provider_id as "providerId", s.created_at as "createdAt"`,
      [now, leasedUntil, limit],
    );
  }

  async checkLater({ provider, providerId }: PaymentSetup, at: Date): Promise<void> {
    await this.database.write('update payment_setups set check_at = $3 where provider = $1 and provider_id = $2', [
      provider,
      providerId,
      at,
    ]);
  }

  async delete({ provider, providerId }: Pick<PaymentSetup, 'provider' | 'providerId'>): Promise<void> {
    await this.database.write('delete from payment_setups where provider = $1 and provider_id = $2', [
      provider,
      providerId,
    ]);
  }
}
