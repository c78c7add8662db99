import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, DomainError, type Origin } from '@app/kernel';
import { Database, Keyring } from '@app/platform';
import type { User } from '@app/users';
import { AuthenticationRecord } from './authentication-record.js';
import { waitMs } from './domain/login-backoff.js';
import { acceptedStep, base32 } from './totp.js';
import { type SecondFactor, SecondFactorsRepository } from './second-factors.repository.js';
import { secretHash } from './secret-hash.js';

const SEALED_FOR = 'second-factor';
/** RFC 4226, section 4: 160 bits are recommended. */
const SECRET_BYTES = 20;
const RECOVERY_CODES = 10;
/** 80 bits: too many to be found from their hashes. */
const RECOVERY_BYTES = 10;
/**
 * Backoff of wrong codes of an account, from all sources together: only callers with the password get so far. About 110
 * guesses a day, of a million codes of which three are valid at a time.
 */
const CODE_BACKOFF = { free: 5, longestMs: 15 * 60_000 };

type Verdict = 'accepted' | 'recovered' | 'wrong_code' | 'too_many_attempts' | 'not_readable';

/** Codes of second factors: their secrets, encrypted, and the check of a code. Each code is accepted once. */
@Injectable()
export class SecondFactorCodes {
  constructor(
    private readonly repository: SecondFactorsRepository,
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly record: AuthenticationRecord,
    private readonly clock: Clock,
  ) {}

  /** Generates a secret. */
  drawSecret(): { secret: Buffer; sealed: Buffer } {
    const secret = randomBytes(SECRET_BYTES);
    return { secret, sealed: this.keyring.seal(SEALED_FOR, secret.toString('base64')) };
  }

  /** Generates recovery codes, and the hashes to store. */
  drawRecoveryCodes(): { codes: string[]; hashes: Buffer[] } {
    const codes = Array.from({ length: RECOVERY_CODES }, () =>
      base32(randomBytes(RECOVERY_BYTES))
        .toLowerCase()
        .replace(/.{4}(?=.)/g, '$&-'),
    );
    return { codes, hashes: codes.map((code) => recoveryHash(code)) };
  }

  /**
   * Accepts a code of the app, or a recovery code, once. An attempt is counted, also when the caller's transaction
   * rolls back.
   *
   * @returns true for a recovery code
   * @throws DomainError `wrong_code`, `too_many_attempts`, `second_factor_not_readable`
   */
  async prove(user: User, code: string, origin: Origin): Promise<boolean> {
    const { verdict, blockedUntil } = await this.database.inSeparateTransaction(() => this.check(user.id, code));
    if (verdict === 'accepted' || verdict === 'recovered') return verdict === 'recovered';
    this.record.secondFactorFailed(user, verdict, origin);
    if (verdict === 'too_many_attempts')
      throw new DomainError('limited', verdict, 'Too many wrong codes; try again after the time in Retry-After.', {
        retryAfterSeconds: Math.max(1, Math.ceil((blockedUntil!.getTime() - this.clock.now().getTime()) / 1_000)),
      });
    if (verdict === 'not_readable')
      throw new DomainError(
        'conflict',
        'second_factor_not_readable',
        'The secret was encrypted with a previous SECRET_KEY; use a recovery code, or have an admin reset it.',
      );
    throw wrongCode();
  }

  /**
   * Puts a factor in force with a code of its app. Needs a transaction.
   *
   * @throws DomainError `second_factor_enabled`, `second_factor_not_set_up`, `wrong_code`
   */
  async confirm(userId: string, code: string, recoveryHashes: Buffer[]): Promise<void> {
    const factor = await this.repository.lock(userId);
    if (!factor) throw new DomainError('conflict', 'second_factor_not_set_up', 'Set up the second factor first.');
    if (factor.confirmedAt)
      throw new DomainError('conflict', 'second_factor_enabled', 'The second factor is already enabled.');
    const step = this.stepOf(factor, code);
    if (step === null) throw wrongCode();
    await this.repository.accept(userId, step);
    await this.repository.confirm(userId, this.clock.now(), recoveryHashes);
  }

  private async check(userId: string, code: string): Promise<{ verdict: Verdict; blockedUntil: Date | null }> {
    const factor = await this.repository.lock(userId);
    const now = this.clock.now();
    if (!factor?.confirmedAt) return { verdict: 'wrong_code', blockedUntil: null };
    const { failures, lastStep, blockedUntil } = factor;
    if (blockedUntil && blockedUntil > now) return { verdict: 'too_many_attempts', blockedUntil };
    const step = this.stepOf(factor, code);
    const recovered = step === null && (await this.repository.useRecoveryCode(userId, recoveryHash(code)));
    if (step !== null || recovered) {
      await this.repository.accept(userId, step ?? lastStep);
      return { verdict: recovered ? 'recovered' : 'accepted', blockedUntil: null };
    }
    const wait = waitMs(failures + 1, CODE_BACKOFF);
    await this.repository.fail(userId, failures + 1, wait > 0 ? new Date(now.getTime() + wait) : null);
    return { verdict: this.open(factor.sealedSecret) ? 'wrong_code' : 'not_readable', blockedUntil: null };
  }

  private stepOf({ sealedSecret, lastStep }: SecondFactor, code: string): number | null {
    const secret = this.open(sealedSecret);
    return secret && acceptedStep(code, { secret, lastStep, at: this.clock.now() });
  }

  /** null when it was sealed under another SECRET_KEY. */
  private open(sealed: Buffer): Buffer | null {
    try {
      return Buffer.from(this.keyring.open(SEALED_FOR, sealed), 'base64');
    } catch {
      return null;
    }
  }
}

/** People type dashes, spaces and capitals as they like. */
const recoveryHash = (code: string): Buffer => secretHash(code.toLowerCase().replace(/[^a-z2-7]/g, ''));

const wrongCode = (): DomainError =>
  new DomainError('unauthenticated', 'wrong_code', 'The code is wrong, expired or already used.');
