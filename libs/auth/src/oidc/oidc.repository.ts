import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { OidcIdentity } from './oidc-claims.js';

type IdentityKey = Pick<OidcIdentity, 'issuer' | 'subject'>;

/** The link between a user and an account at the provider, as its owner sees it. */
export interface IdentityView extends IdentityKey {
  createdAt: Date;
  lastLoginAt: Date;
}

/** SQL of identities at the provider, and of used states. */
@Injectable()
export class OidcRepository {
  constructor(private readonly database: Database) {}

  /** Stores a state as used. Of concurrent callers one gets true. */
  async useState(hash: Buffer, expiresAt: Date): Promise<boolean> {
    const rows = await this.database.write(
      'insert into oidc_used_states (hash, expires_at) values ($1, $2) on conflict do nothing returning hash',
      [hash, expiresAt],
    );
    return rows.length === 1;
  }

  /** Serializes the logins of an identity over all instances, until the transaction ends. */
  async lock({ issuer, subject }: IdentityKey): Promise<void> {
    await this.database.write('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
      JSON.stringify(['oidc', issuer, subject]),
    ]);
  }

  /** The user of an identity, whose last login is then `now`. */
  async touch({ issuer, subject }: IdentityKey, now: Date): Promise<string | null> {
    const [row] = await this.database.write<{ userId: string }>(
      'update oidc_identities set last_login_at = $3 where issuer = $1 and subject = $2 returning user_id as "userId"',
      [issuer, subject, now],
    );
    return row?.userId ?? null;
  }

  /** @returns false when the user has another identity of the issuer */
  async insert({ issuer, subject }: IdentityKey, userId: string, now: Date): Promise<boolean> {
    const rows = await this.database.write(
      `insert into oidc_identities (issuer, subject, user_id, created_at, last_login_at) values ($1, $2, $3, $4, $4)
       on conflict do nothing returning user_id`,
      [issuer, subject, userId, now],
    );
    return rows.length === 1;
  }

  listOf(userId: string): Promise<IdentityView[]> {
    return this.database.query<IdentityView>(
      'select issuer, subject, created_at as "createdAt", last_login_at as "lastLoginAt" from oidc_identities where user_id = $1 order by issuer',
      [userId],
    );
  }

  async erase(userId: string): Promise<void> {
    await this.database.write('delete from oidc_identities where user_id = $1', [userId]);
  }

  /** Deletes a batch of states that expired before a time. @returns the number of rows */
  purge(before: Date): Promise<number> {
    return this.database.deleteBatch('oidc_used_states', 'hash', 'expires_at < $1 order by expires_at', [before]);
  }
}
