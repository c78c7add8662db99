import { availableParallelism } from 'node:os';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';
import { DomainError, invalidField } from '@app/kernel';
import { Config, RECOMMENDED_PASSWORD_LENGTH } from '@app/platform';
import { normalizePassword, weaknessOf } from './domain/password-policy.js';

/** The shortest that can be configured. */
export const MIN_PASSWORD = 8;
export const MAX_PASSWORD = 128;
/** OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one thread. Algorithm 2 is argon2id. */
const ARGON2ID = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Concurrent hashes. One of the four threads of Node's pool stays free for DNS and files. */
const MAX_CONCURRENT = Math.min(3, availableParallelism());
/** Load shedding: above this queue length the caller gets 503 with `Retry-After`. */
const MAX_QUEUED = 100;
/** Verified for unknown accounts, so that they take as long as known ones. Longer than any accepted password. */
const DUMMY_HASH = hash(`\u0000${'x'.repeat(MAX_PASSWORD * 2)}`, ARGON2ID);

/** Loaded with the first new password: the dictionaries of the package and the set take 4 MB. */
async function loadCommonPasswords(): Promise<Set<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common']);
}

/** Hashes and verifies passwords off the event loop, up to three concurrently. */
@Injectable()
export class Passwords implements OnModuleInit {
  private readonly queue = pLimit(MAX_CONCURRENT);
  private readonly minLength: number;
  private common: Promise<Set<string>> | undefined;

  constructor(private readonly config: Config) {
    this.minLength = config.passwordMinLength;
  }

  onModuleInit(): void {
    if (!this.config.signIn.passwordLogin && !this.config.signIn.oidc)
      new Logger('Passwords').warn(
        'PASSWORD_LOGIN is off, and no other way to sign in is configured: only API keys work.',
      );
    if (this.minLength < RECOMMENDED_PASSWORD_LENGTH) {
      new Logger('Passwords').warn(
        `PASSWORD_MIN_LENGTH is ${this.minLength}: ${RECOMMENDED_PASSWORD_LENGTH} or more is recommended where the password is the only factor.`,
      );
    }
  }

  /** @throws DomainError `password_login_off` while PASSWORD_LOGIN is off */
  assertLoginAllowed(): void {
    if (this.config.signIn.passwordLogin) return;
    throw new DomainError('forbidden', 'password_login_off', 'Passwords are switched off here; sign in another way.');
  }

  /** Weakness of a password for this e-mail, as text that follows the field name; null when it is strong enough. */
  async weaknessOf(password: string, email: string | null): Promise<string | null> {
    const common = await (this.common ??= loadCommonPasswords());
    return weaknessOf(password, email, {
      minLength: this.minLength,
      maxLength: MAX_PASSWORD,
      isCommon: (plain) => common.has(plain),
    });
  }

  /**
   * Checks and hashes a new password. A weak one is rejected before it is hashed.
   *
   * @throws DomainError `password_login_off`, `invalid_fields` for a weak password, `overloaded`
   * @example const passwordHash = await passwords.hashNew('correct horse battery', 'ann@example.com');
   */
  async hashNew(password: string, email: string | null, field = 'password'): Promise<string> {
    this.assertLoginAllowed();
    const weakness = await this.weaknessOf(password, email);
    if (weakness) throw invalidField(field, weakness);
    return this.hash(password);
  }

  /** Hashes without a check. @throws DomainError `overloaded` @example await passwords.hash(generated) */
  hash(password: string): Promise<string> {
    return this.queued(() => hash(normalizePassword(password), ARGON2ID));
  }

  /**
   * True when the password matches the stored hash. Takes as long for an unknown account (null) as for a known one.
   *
   * @throws DomainError `overloaded`
   * @example const matches = await passwords.verify(user?.passwordHash ?? null, password);
   */
  async verify(stored: string | null, password: string): Promise<boolean> {
    const against = stored ?? (await DUMMY_HASH);
    const matches = await this.queued(() => verify(against, normalizePassword(password)));
    return stored !== null && matches;
  }

  private async queued<T>(work: () => Promise<T>): Promise<T> {
    if (this.queue.pendingCount >= MAX_QUEUED)
      throw new DomainError('unavailable', 'overloaded', 'Too many concurrent logins; try again.', {
        retryAfterSeconds: 1,
      });
    return this.queue(work);
  }
}
