import { Injectable } from '@nestjs/common';
import { Clock, DomainError } from '@app/kernel';
import { Database, Keyring } from '@app/platform';
import { canonicalEmail } from '@app/users';
import { AuthenticationRecord } from './authentication-record.js';
import type { AttemptSource } from './domain/attempt-source.js';
import { FAMILIAR_MS, countAttempt } from './domain/login-backoff.js';
import { LoginAttemptsRepository } from './login-attempts.repository.js';

const HASHED_FOR = 'login-attempts';

/** Backoff of password guessing, shared by all instances and kept over restarts. Does not lock out the owner. */
@Injectable()
export class LoginAttemptsService {
  constructor(
    private readonly repository: LoginAttemptsRepository,
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly record: AuthenticationRecord,
    private readonly clock: Clock,
  ) {}

  /**
   * Counts an attempt before the password is checked, with an account or without. It stays counted when the caller's
   * transaction rolls back.
   *
   * @throws DomainError `too_many_attempts` with `retryAfterSeconds`
   */
  async begin(email: string, source: AttemptSource): Promise<void> {
    const [account, from] = this.hashes(email, source.block);
    const refusedUntil = await this.database.inSeparateTransaction(async () => {
      const now = this.clock.now();
      const tries = await this.repository.lock(account, from, now);
      const verdict = countAttempt(tries.source, tries.account, now);
      if (!verdict.refusedUntil) await this.repository.save(account, from, verdict);
      return verdict.refusedUntil;
    });
    if (!refusedUntil) return;
    this.record.loginFailed(email, null, 'too_many_attempts', source);
    const retryAfterSeconds = Math.max(1, Math.ceil((refusedUntil.getTime() - this.clock.now().getTime()) / 1_000));
    throw new DomainError(
      'limited',
      'too_many_attempts',
      'Too many failed logins; try again after the time in Retry-After.',
      {
        retryAfterSeconds,
      },
    );
  }

  /** Resets the counters after a correct password, and marks the source as familiar. */
  succeed(email: string, { block }: AttemptSource): Promise<void> {
    const [account, from] = this.hashes(email, block);
    const now = this.clock.now();
    return this.database.transaction(() =>
      this.repository.succeed(account, from, { now, familiarUntil: new Date(now.getTime() + FAMILIAR_MS) }),
    );
  }

  /** Deletes all counters of an account. Needs a transaction. */
  erase(email: string): Promise<void> {
    return this.repository.erase(this.hashes(email, '')[0]);
  }

  private hashes(email: string, block: string): [Buffer, Buffer] {
    return [this.keyring.sign(HASHED_FOR, canonicalEmail(email)), this.keyring.sign(HASHED_FOR, block)];
  }
}
