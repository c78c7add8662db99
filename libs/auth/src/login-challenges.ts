import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, DomainError } from '@app/kernel';
import { Keyring } from '@app/platform';
import { type User, UsersService } from '@app/users';

const SIGNED_FOR = 'login-challenge';
const LIFETIME_SECONDS = 300;
const FORM = /^([0-9a-f-]{36})\.(\d{13})\.([\w-]{43})$/;

/**
 * Challenges: proof that a user gave the password of a login that also needs a code. Not stored: a signature binds a
 * challenge to its user, its end, and the password hash, so that a new password ends it.
 */
@Injectable()
export class LoginChallenges {
  constructor(
    private readonly users: UsersService,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  /** The error that requests the second factor, with a challenge for five minutes. */
  required(user: User): DomainError {
    const until = this.clock.now().getTime() + LIFETIME_SECONDS * 1_000;
    return new DomainError(
      'unauthenticated',
      'second_factor_required',
      'The account has a second factor: send the challenge with a code to the second-factor route of this login.',
      { challenge: `${user.id}.${until}.${this.sign(user, until).toString('base64url')}`, expiresIn: LIFETIME_SECONDS },
    );
  }

  /**
   * The user who gave the password.
   *
   * @throws DomainError `invalid_challenge` when it is unknown, expired, or from before a change of the password
   */
  async userOf(challenge: string): Promise<User> {
    const [, userId, until, signature] = FORM.exec(challenge) ?? [];
    const user = userId && Number(until) > this.clock.now().getTime() ? await this.users.findById(userId) : null;
    if (user?.active && timingSafeEqual(this.sign(user, Number(until)), Buffer.from(signature!, 'base64url')))
      return user;
    throw new DomainError('unauthenticated', 'invalid_challenge', 'The challenge is unknown or expired; log in again.');
  }

  private sign({ id, passwordHash }: User, until: number): Buffer {
    return this.keyring.sign(SIGNED_FOR, `${id}.${until}.${passwordHash}`);
  }
}
