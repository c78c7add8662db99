import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { AccountMailKind, ActionPurpose } from './domain/account-mail.js';

/** A mail that somebody is to get. */
export interface AccountMail {
  id: string;
  kind: AccountMailKind;
  /** As it was given; only what is about to become an account's address is written to it. */
  email: string;
  userId: string | null;
  createdAt: Date;
}

export interface ActionToken {
  userId: string;
  /** The address that it was sent to. */
  email: string;
}

/** Mail about accounts, and the tokens that it carried. */
@Injectable()
export class AccountMailsRepository {
  constructor(private readonly database: Database) {}

  /** Writes it down, unless this address was written to so often since then. The same work, whatever there is at the address. @returns whether it was */
  async enqueue(
    mail: AccountMail & { canonicalEmail: string },
    { most, since }: { most: number; since: Date },
  ): Promise<boolean> {
    const asked = await this.database.write(
      `insert into account_mails (id, kind, email, canonical_email, user_id, created_at)
       select $1, $2, $3, $4, $5, $8 where (select count(*) from account_mails where canonical_email = $4 and kind = $2 and created_at > $7) < $6 returning id`,
      [mail.id, mail.kind, mail.email, mail.canonicalEmail, mail.userId, most, since, mail.createdAt],
    );
    return asked.length === 1;
  }

  async findAll(ids: string[]): Promise<AccountMail[]> {
    return this.database.query<AccountMail>(
      'select id, kind, email, user_id as "userId", created_at as "createdAt" from account_mails where id = any($1::uuid[])',
      [ids],
    );
  }

  /** Waits for whoever holds the user. @returns false when there is no such user, or none any more: nothing of them is to be kept then */
  async insertToken(
    hash: Buffer,
    token: ActionToken & { purpose: ActionPurpose; expiresAt: Date; createdAt: Date },
  ): Promise<boolean> {
    const inserted = await this.database.write(
      `insert into action_tokens (hash, user_id, purpose, email, expires_at, created_at)
       select $1, u.id, $3, $4, $5, $6 from users u where u.id = $2 and u.deleted_at is null for share returning hash`,
      [hash, token.userId, token.purpose, token.email, token.expiresAt, token.createdAt],
    );
    return inserted.length === 1;
  }

  async findToken(hash: Buffer, purpose: ActionPurpose, now: Date): Promise<ActionToken | null> {
    const [row] = await this.database.query<ActionToken>(
      'select user_id as "userId", email from action_tokens where hash = $1 and purpose = $2 and used_at is null and expires_at > $3',
      [hash, purpose, now],
    );
    return row ?? null;
  }

  /** Of simultaneous callers one gets true. */
  async useToken(hash: Buffer, now: Date): Promise<boolean> {
    return (
      (
        await this.database.write(
          'update action_tokens set used_at = $2 where hash = $1 and used_at is null returning hash',
          [hash, now],
        )
      ).length === 1
    );
  }

  /** Whatever a user was sent and has not used is worth nothing any more. */
  async voidTokens(userId: string, now: Date): Promise<void> {
    await this.database.write('update action_tokens set used_at = $2 where user_id = $1 and used_at is null', [
      userId,
      now,
    ]);
  }

  /** Everything about a user and their address. @returns the ids of the mails */
  async erase(userId: string, canonicalEmail: string): Promise<string[]> {
    await this.database.write('delete from action_tokens where user_id = $1', [userId]);
    const mails = await this.database.write<{ id: string }>(
      'delete from account_mails where user_id = $1 or canonical_email = $2 returning id',
      [userId, canonicalEmail],
    );
    return mails.map(({ id }) => id);
  }

  /** Removes a batch of what was over before. @returns how many rows went */
  async purge(before: Date): Promise<number> {
    const mails = await this.database.deleteBatch('account_mails', 'id', 'created_at < $1 order by created_at', [
      before,
    ]);
    return (
      mails +
      (await this.database.deleteBatch('action_tokens', 'hash', 'expires_at < $1 order by expires_at', [before]))
    );
  }
}
