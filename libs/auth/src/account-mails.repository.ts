import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { AccountMailKind, ActionPurpose } from './domain/account-mail.js';

/** A mail about an account that waits to be sent. */
export interface AccountMail {
  id: string;
  kind: AccountMailKind;
  /** As the caller wrote it. Mail goes to this spelling only when it becomes the address of the account. */
  email: string;
  userId: string | null;
  createdAt: Date;
}

/** A token that a user received by mail. */
export interface ActionToken {
  userId: string;
  /** The address that the mail was sent to. */
  email: string;
}

/** SQL of mails about accounts, and of the tokens in them. Only hashes of tokens are stored. */
@Injectable()
export class AccountMailsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Inserts a mail, unless its address got `max` mails of the kind since a time. Does the same work for any address, so
   * that the response time does not show whether there is an account.
   *
   * @returns true when it was inserted
   */
  async enqueue(
    mail: AccountMail & { canonicalEmail: string },
    { max, since }: { max: number; since: Date },
  ): Promise<boolean> {
    const inserted = await this.database.write(
      `insert into account_mails (id, kind, email, canonical_email, user_id, created_at)
       select $1, $2, $3, $4, $5, $8 where (select count(*) from account_mails where canonical_email = $4 and kind = $2 and created_at > $7) < $6 returning id`,
      [mail.id, mail.kind, mail.email, mail.canonicalEmail, mail.userId, max, since, mail.createdAt],
    );
    return inserted.length === 1;
  }

  async findAll(ids: string[]): Promise<AccountMail[]> {
    return this.database.query<AccountMail>(
      'select id, kind, email, user_id as "userId", created_at as "createdAt" from account_mails where id = any($1::uuid[])',
      [ids],
    );
  }

  /**
   * Inserts a token. Waits for a transaction that locks the user, so that a deletion leaves no token behind.
   *
   * @returns false when the user does not exist or was deleted
   */
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

  /** Of concurrent callers one gets true. */
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

  /** Voids all unused tokens of a user. */
  async voidTokens(userId: string, now: Date): Promise<void> {
    await this.database.write('update action_tokens set used_at = $2 where user_id = $1 and used_at is null', [
      userId,
      now,
    ]);
  }

  /** Deletes mails and tokens of a user and its address. @returns the ids of the mails */
  async erase(userId: string, canonicalEmail: string): Promise<string[]> {
    await this.database.write('delete from action_tokens where user_id = $1', [userId]);
    const mails = await this.database.write<{ id: string }>(
      'delete from account_mails where user_id = $1 or canonical_email = $2 returning id',
      [userId, canonicalEmail],
    );
    return mails.map(({ id }) => id);
  }

  /** Deletes a batch of mails and tokens that are older than a time. @returns the number of rows */
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
