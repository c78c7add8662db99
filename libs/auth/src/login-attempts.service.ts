import { Injectable } from '@nestjs/common';
import { Clock, DomainError } from '@app/kernel';
import { Database, Keyring } from '@app/platform';
import { canonicalEmail } from '@app/users';
import { FAMILIAR_MS, tryNow } from './domain/login-backoff.js';
import { LoginAttemptsRepository } from './login-attempts.repository.js';

const HASHED_FOR = 'login-attempts';

/** Slows down whoever guesses passwords, on all instances alike and through restarts, without keeping the owner out. */
@Injectable()
export class LoginAttemptsService {
  constructor(
    private readonly repository: LoginAttemptsRepository,
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  /**
   * Counts a try, before the password is looked at, whether there is such an account or not. Stays counted when what follows fails.
   * @param source where it comes from: an address, or the block that it is in
   * @throws DomainError `too_many_attempts`
   */
  async begin(email: string, source: string): Promise<void> {
    const [account, from] = this.hashes(email, source);
    const refusedUntil = await this.database.separately(async () => {
      const now = this.clock.now();
      const tries = await this.repository.lock(account, from, now);
      const verdict = tryNow(tries.source, tries.account, now);
      if (!verdict.refusedUntil) await this.repository.save(account, from, verdict);
      return verdict.refusedUntil;
    });
    if (!refusedUntil) return;
    const retryAfterSeconds = Math.max(1, Math.ceil((refusedUntil.getTime() - this.clock.now().getTime()) / 1_000));
    throw new DomainError('limited', 'too_many_attempts', 'The password was wrong too often; try again later.', {
      retryAfterSeconds,
    });
  }

  /** The password was right: what was counted is forgotten, and the source is one that the owner uses. */
  succeed(email: string, source: string): Promise<void> {
    const [account, from] = this.hashes(email, source);
    const now = this.clock.now();
    return this.database.transaction(() =>
      this.repository.succeed(account, from, { now, familiarUntil: new Date(now.getTime() + FAMILIAR_MS) }),
    );
  }

  /** Needs a transaction. */
  erase(email: string): Promise<void> {
    return this.repository.erase(this.hashes(email, '')[0]);
  }

  private hashes(email: string, source: string): [Buffer, Buffer] {
    return [this.keyring.sign(HASHED_FOR, canonicalEmail(email)), this.keyring.sign(HASHED_FOR, source)];
  }
}
