import { Injectable } from '@nestjs/common';
import type { Customer } from '@app/customers';
import { arrayLiteral, BatchedReads, type BatchedStatement, Database, PipelinedDatabase } from '@app/platform';
import type { User } from '@app/users';

/** A user account as its owner sees it, with the profile of its customer. */
export interface OwnProfile
  extends
    Omit<User, 'customerId' | 'canonicalEmail' | 'passwordHash' | 'deletedAt'>,
    Pick<Customer, 'region' | 'deviceType' | 'timezone'> {
  /** Key of the customer. */
  customer: string;
  /** URL of the webhook endpoint of the profile; null: none. */
  webhookUrl: string | null;
}

const BY_USER: BatchedStatement<string> = {
  name: 'profiles by user',
  text: `select found.*, w.n::integer as n from unnest($1::uuid[]) with ordinality w (id, n) cross join lateral (
    select u.id, u.email, u.email_verified_at as "emailVerifiedAt", u.name, u.role, u.product_id as "productId", u.active, u.mail_enabled as "mailEnabled",
      u.muted_mails as "mutedMails", u.language, u.created_at as "createdAt", u.updated_at as "updatedAt",
      c.key as customer, c.region, c.device_type as "deviceType", c.timezone,
      (select e.url from webhook_endpoints e where e.customer_id = c.id and e.of_profile) as "webhookUrl"
    from users u join customers c on c.id = u.customer_id and c.deleted_at is null where u.id = w.id and u.deleted_at is null) found`,
  parameters: (ids) => [arrayLiteral(ids)],
  nameOf: (id) => id,
};

/** Reads profiles, each with its customer and webhook URL in one statement. */
@Injectable()
export class ProfilesRepository {
  private readonly byUser: BatchedReads<string, OwnProfile>;

  constructor(database: Database, pipeline: PipelinedDatabase) {
    this.byUser = new BatchedReads(database, pipeline, BY_USER);
  }

  /** Null when the account or its customer does not exist, or was deleted. */
  async find(userId: string): Promise<OwnProfile | null> {
    const [profile] = await this.byUser.read(userId);
    return profile ?? null;
  }
}
