import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { SourceTries, Tries } from './domain/login-backoff.js';

/** Source of the row that counts over all sources of an account. */
const ALL_SOURCES = Buffer.alloc(0);
const COLUMNS =
  'failures, blocked_until as "blockedUntil", familiar_until as "familiarUntil", updated_at as "updatedAt"';

/** SQL of login attempts, by keyed hashes of account and source. */
@Injectable()
export class LoginAttemptsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Reads and locks the counters of an account and one source until the transaction ends. Inserts them at zero when
   * they do not exist, or were purged meanwhile.
   */
  async lock(account: Buffer, source: Buffer, now: Date): Promise<{ source: SourceTries; account: Tries }> {
    const [all, own] = await this.database.write<SourceTries>(
      `insert into login_attempts (account, source, failures, updated_at) select $1, s, 0, $3 from unnest($2::bytea[]) s
       on conflict (account, source) do update set failures = login_attempts.failures returning ${COLUMNS}`,
      [account, [ALL_SOURCES, source], now],
    );
    return { source: own!, account: all! };
  }

  async save(account: Buffer, source: Buffer, tries: { source: SourceTries; account: Tries }): Promise<void> {
    const write = (of: Buffer, { failures, blockedUntil, updatedAt }: Tries, familiarUntil: Date | null) =>
      this.database.write(
        'update login_attempts set failures = $3, blocked_until = $4, familiar_until = $5, updated_at = $6 where account = $1 and source = $2',
        [account, of, failures, blockedUntil, familiarUntil, updatedAt],
      );
    await write(ALL_SOURCES, tries.account, null);
    await write(source, tries.source, tries.source.familiarUntil);
  }

  /** Resets the counters after a login, and marks the source as familiar. */
  async succeed(
    account: Buffer,
    source: Buffer,
    { now, familiarUntil }: { now: Date; familiarUntil: Date },
  ): Promise<void> {
    await this.database.write(
      `update login_attempts set failures = 0, blocked_until = null, updated_at = $3, familiar_until = case when source = $2 then $4::timestamptz else familiar_until end
       where account = $1 and source in ($2, $5)`,
      [account, source, now, familiarUntil, ALL_SOURCES],
    );
  }

  async erase(account: Buffer): Promise<void> {
    await this.database.write('delete from login_attempts where account = $1', [account]);
  }

  /** Deletes a batch of counters that were last changed before a time. @returns the number of rows */
  purge({ before, now }: { before: Date; now: Date }): Promise<number> {
    return this.database.deleteBatch(
      'login_attempts',
      'account, source',
      'updated_at < $1 and (familiar_until is null or familiar_until < $2) order by updated_at',
      [before, now],
    );
  }
}
