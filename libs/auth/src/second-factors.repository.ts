import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';

/** A second factor of a user. */
export interface SecondFactor {
  sealedSecret: Buffer;
  /** null: set up, and not in force. */
  confirmedAt: Date | null;
  /** Step of the last accepted code; 0: none yet. */
  lastStep: number;
  /** Wrong codes since the last right one. */
  failures: number;
  blockedUntil: Date | null;
}

/** A user's second factor as its owner sees it. */
export interface SecondFactorView {
  confirmedAt: Date | null;
  recoveryCodesLeft: number;
}

/** SQL of second factors and their recovery codes. Only hashes of recovery codes are stored. */
@Injectable()
export class SecondFactorsRepository {
  constructor(private readonly database: Database) {}

  /** Stores a secret that is not yet in force. @returns false when another one is in force */
  async setUp(userId: string, sealedSecret: Buffer): Promise<boolean> {
    const rows = await this.database.write(
      `insert into second_factors as f (user_id, sealed_secret) values ($1, $2)
       on conflict (user_id) do update set sealed_secret = excluded.sealed_secret where f.confirmed_at is null returning user_id`,
      [userId, sealedSecret],
    );
    return rows.length === 1;
  }

  /** Locks the factor until the transaction ends, so that concurrent codes are checked one after the other. */
  async lock(userId: string): Promise<SecondFactor | null> {
    const [row] = await this.database.write<SecondFactor>(
      `select sealed_secret as "sealedSecret", confirmed_at as "confirmedAt", last_step::float8 as "lastStep", failures, blocked_until as "blockedUntil"
       from second_factors where user_id = $1 for update`,
      [userId],
    );
    return row ?? null;
  }

  async isConfirmed(userId: string): Promise<boolean> {
    const rows = await this.database.query(
      'select 1 from second_factors where user_id = $1 and confirmed_at is not null',
      [userId],
    );
    return rows.length === 1;
  }

  async view(userId: string): Promise<SecondFactorView | null> {
    const [row] = await this.database.query<SecondFactorView>(
      `select confirmed_at as "confirmedAt", (select count(*)::int from recovery_codes c where c.user_id = f.user_id) as "recoveryCodesLeft"
       from second_factors f where user_id = $1`,
      [userId],
    );
    return row ?? null;
  }

  async accept(userId: string, lastStep: number): Promise<void> {
    await this.database.write(
      'update second_factors set last_step = $2, failures = 0, blocked_until = null where user_id = $1',
      [userId, lastStep],
    );
  }

  async fail(userId: string, failures: number, blockedUntil: Date | null): Promise<void> {
    await this.database.write('update second_factors set failures = $2, blocked_until = $3 where user_id = $1', [
      userId,
      failures,
      blockedUntil,
    ]);
  }

  async confirm(userId: string, now: Date, recoveryHashes: Buffer[]): Promise<void> {
    await this.database.write('update second_factors set confirmed_at = $2 where user_id = $1', [userId, now]);
    await this.database.write('insert into recovery_codes (hash, user_id) select unnest($2::bytea[]), $1', [
      userId,
      recoveryHashes,
    ]);
  }

  /** Of concurrent callers one gets true. */
  async useRecoveryCode(userId: string, hash: Buffer): Promise<boolean> {
    const rows = await this.database.write(
      'delete from recovery_codes where user_id = $1 and hash = $2 returning hash',
      [userId, hash],
    );
    return rows.length === 1;
  }

  /** @returns false when the user has no factor */
  async delete(userId: string): Promise<boolean> {
    return (
      (await this.database.write('delete from second_factors where user_id = $1 returning user_id', [userId]))
        .length === 1
    );
  }
}
