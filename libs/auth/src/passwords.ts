import { availableParallelism } from 'node:os';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { dictionary } from '@zxcvbn-ts/language-common';
import pLimit from 'p-limit';
import { DomainError, invalidField } from '@app/kernel';
import { Config, RECOMMENDED_PASSWORD_LENGTH } from '@app/platform';
import { normalizePassword, type PasswordPolicy, weaknessOf } from './domain/password-policy.js';

/** The shortest that can be configured. */
export const MIN_PASSWORD = 8;
export const MAX_PASSWORD = 128;
/** OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane; algorithm 2 is argon2id. */
const ARGON2ID = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Hashes at once: one thread of Node's four stays free for names and files. */
const MAX_CONCURRENT = Math.min(3, availableParallelism());
/** More than these wait for nothing: the caller is asked to come again. */
const MAX_QUEUED = 100;
/** Verified against for accounts that do not exist, so that both take as long; nobody can type it. */
const DUMMY_HASH = hash(`\u0000${'x'.repeat(MAX_PASSWORD * 2)}`, ARGON2ID);

/** Hashes and verifies passwords off the event loop, a few at a time. */
@Injectable()
export class Passwords implements OnModuleInit {
  private readonly turns = pLimit(MAX_CONCURRENT);
  private readonly common = new Set(dictionary['passwords-common']);
  private readonly policy: PasswordPolicy;

  constructor(config: Config) {
    this.policy = {
      minLength: config.passwordMinLength,
      maxLength: MAX_PASSWORD,
      isCommon: (password) => this.common.has(password),
    };
  }

  onModuleInit(): void {
    if (this.policy.minLength < RECOMMENDED_PASSWORD_LENGTH) {
      new Logger('Passwords').warn(
        `PASSWORD_MIN_LENGTH is ${this.policy.minLength}: where the password is all that there is, ${RECOMMENDED_PASSWORD_LENGTH} are recommended.`,
      );
    }
  }

  /** What is wrong with a password for this e-mail; null when nothing is. */
  weaknessOf(password: string, email: string | null): string | null {
    return weaknessOf(password, email, this.policy);
  }

  /** @throws DomainError `invalid_fields` for a weak password, before any work is done on it, `overloaded` */
  async hashNew(password: string, email: string | null, field = 'password'): Promise<string> {
    const weakness = this.weaknessOf(password, email);
    if (weakness) throw invalidField(field, weakness);
    return this.hash(password);
  }

  /** @throws DomainError `overloaded` */
  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(normalizePassword(password), ARGON2ID));
  }

  /** Takes as long for an unknown account (null) as for a known one. @throws DomainError `overloaded` */
  async verify(stored: string | null, password: string): Promise<boolean> {
    const against = stored ?? (await DUMMY_HASH);
    const matches = await this.inTurn(() => verify(against, normalizePassword(password)));
    return stored !== null && matches;
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.turns.pendingCount >= MAX_QUEUED)
      throw new DomainError('unavailable', 'overloaded', 'Too many people log in at once.', { retryAfterSeconds: 1 });
    return this.turns(work);
  }
}
