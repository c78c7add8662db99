import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { StoredBillingProfile } from './domain/billing-profile.js';

export interface BillingProfileRow {
  customerId: string;
  profile: StoredBillingProfile;
  version: number;
  updatedAt: Date;
}

/** Stored billing profiles. */
@Injectable()
export class BillingProfilesRepository {
  constructor(private readonly database: Database) {}

  /** The stored profiles of these customers, in no particular order. */
  find(customerIds: string[]): Promise<BillingProfileRow[]> {
    return this.database.query(
      `select customer_id as "customerId", profile, version, updated_at as "updatedAt" from billing_profiles
        where customer_id = any($1::uuid[])`,
      [customerIds],
    );
  }

  async save({ customerId, profile, version, updatedAt }: BillingProfileRow): Promise<void> {
    await this.database.write(
      `insert into billing_profiles (customer_id, profile, version, created_at, updated_at) values ($1, $2, $3, $4, $4)
        on conflict (customer_id) do update set profile = excluded.profile, version = excluded.version, updated_at = excluded.updated_at`,
      [customerId, JSON.stringify(profile), version, updatedAt],
    );
  }

  async delete(customerId: string): Promise<void> {
    await this.database.write('delete from billing_profiles where customer_id = $1', [customerId]);
  }
}
