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
  attempts: number;
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

  /** Writes it down, unless this address was written to so often since then. The same work, whatever there is at the address. */
  async ask(mail: Omit<AccountMail, 'attempts'> & { canonicalEmail: string }, { most, since, now }: { most: number; since: Date; now: Date }): Promise<void> {
    await this.database.write(
      `insert into account_mails (id, kind, email, canonical_email, user_id, due_at, created_at)
       select $1, $2, $3, $4, $5, $8, $8 where (select count(*) from account_mails where canonical_email = $4 and kind = $2 and created_at > $7) < $6`,
      [mail.id, mail.kind, mail.email, mail.canonicalEmail, mail.userId, most, since, now],
    );
  }

  /** Takes what is due, each for so long that nobody else sends it meanwhile. */
  claim(now: Date, until: Date, limit: number): Promise<AccountMail[]> {
    return this.database.write<AccountMail>(
      `update account_mails set attempts = attempts + 1, due_at = $2
       where id in (select id from account_mails where due_at <= $1 order by due_at limit $3 for update skip locked)
       returning id, kind, email, user_id as "userId", attempts`,
      [now, until, limit],
    );
  }

  /** When it is tried again; null: it is done with. */
  async settle(id: string, dueAt: Date | null): Promise<void> {
    await this.database.write('update account_mails set due_at = $2 where id = $1', [id, dueAt]);
  }

  async insertToken(hash: Buffer, token: ActionToken & { purpose: ActionPurpose; expiresAt: Date; createdAt: Date }): Promise<void> {
    await this.database.write('insert into action_tokens (hash, user_id, purpose, email, expires_at, created_at) values ($1, $2, $3, $4, $5, $6)', [
      hash, token.userId, token.purpose, token.email, token.expiresAt, token.createdAt,
    ]);
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
    return (await this.database.write('update action_tokens set used_at = $2 where hash = $1 and used_at is null returning hash', [hash, now])).length === 1;
  }

  /** Whatever a user was sent and has not used is worth nothing any more. */
  async voidTokens(userId: string, now: Date): Promise<void> {
    await this.database.write('update action_tokens set used_at = $2 where user_id = $1 and used_at is null', [userId, now]);
  }

  /** Everything about a user and their address. */
  async forget(userId: string, canonicalEmail: string): Promise<void> {
    await this.database.write('delete from action_tokens where user_id = $1', [userId]);
    await this.database.write('delete from account_mails where user_id = $1 or canonical_email = $2', [userId, canonicalEmail]);
  }

  /** Removes a batch of what was over before. @returns how many rows went */
  async purge(before: Date): Promise<number> {
    const mails = await this.database.deleteBatch('account_mails', 'id', 'created_at < $1 and due_at is null order by created_at', [before]);
    return mails + (await this.database.deleteBatch('action_tokens', 'hash', 'expires_at < $1 order by expires_at', [before]));
  }
}
