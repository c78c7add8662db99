import { Injectable } from '@nestjs/common';
import { CustomersService } from '@app/customers';
import { type Actor, DomainError, invalidField, type Origin } from '@app/kernel';
import { Database } from '@app/platform';
import { canonicalEmail, isEmail, type User, UsersService } from '@app/users';
import { AccountMailsService } from './account-mails.service.js';
import { AuthenticationRecord } from './authentication-record.js';
import type { AttemptSource } from './domain/attempt-source.js';
import { actorOf, type UserPrincipal } from './domain/principal.js';
import { LoginAttemptsService } from './login-attempts.service.js';
import { Passwords } from './passwords.js';
import { SessionsService } from './sessions.service.js';

const actorFor = ({ id }: User, origin: Origin): Actor => ({ kind: 'user', id, origin });

/** Credentials of users: password and e-mail address, how they are proved, changed and reset. */
@Injectable()
export class CredentialsService {
  constructor(
    private readonly users: UsersService,
    private readonly customers: CustomersService,
    private readonly sessions: SessionsService,
    private readonly mails: AccountMailsService,
    private readonly attempts: LoginAttemptsService,
    private readonly passwords: Passwords,
    private readonly record: AuthenticationRecord,
    private readonly database: Database,
  ) {}

  /**
   * The user with this e-mail and password. Takes equally long for an unknown account, a wrong password and an
   * inactive account.
   *
   * @throws DomainError `password_login_off`, `wrong_credentials`, `too_many_attempts`, `overloaded`
   * @example const user = await credentials.prove('ann@example.com', password, source);
   */
  async prove(email: string, password: string, source: AttemptSource): Promise<User> {
    this.passwords.assertLoginAllowed();
    await this.attempts.begin(email, source);
    const user = await this.users.findByEmail(email);
    const matches = await this.passwords.verify(user?.passwordHash ?? null, password);
    if (!user || !matches || !user.active) {
      const reason = !user ? 'unknown_account' : matches ? 'inactive_account' : 'wrong_password';
      this.record.loginFailed(email, user, reason, source);
      throw new DomainError('unauthenticated', 'wrong_credentials', 'The e-mail address or the password is wrong.');
    }
    await this.attempts.succeed(email, source);
    return user;
  }

  /**
   * Proves the password of a logged-in caller again, before a command that cannot be undone.
   *
   * @throws DomainError `wrong_credentials`, `too_many_attempts`, `overloaded`
   * @example await credentials.proveAgain(principal, password, source);
   */
  async proveAgain({ userId }: UserPrincipal, password: string, source: AttemptSource): Promise<User> {
    const { email } = await this.users.getById(userId);
    return this.prove(email, password, source);
  }

  /**
   * Changes the caller's password, and revokes all other sessions of the caller.
   *
   * @throws DomainError `wrong_credentials`, `too_many_attempts`, `overloaded`, `invalid_fields`
   * @example await credentials.changePassword(principal, { currentPassword, newPassword }, source);
   */
  async changePassword(
    caller: UserPrincipal,
    { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
    source: AttemptSource,
  ): Promise<void> {
    const user = await this.proveAgain(caller, currentPassword, source);
    const passwordHash = await this.passwords.hashNew(newPassword, user.email, 'newPassword');
    await this.database.transaction(async () => {
      await this.users.setPassword(user.id, passwordHash, { proves: false, reason: 'changed' }, actorOf(caller));
      await this.afterPassword(user, caller.sessionId);
    });
  }

  /**
   * Removes the password of a user who signs in another way from now on, voids the tokens of mails, and revokes all
   * sessions. Needs a transaction.
   *
   * @example await credentials.removePassword(user, actor);
   */
  async removePassword(user: User, actor: Actor): Promise<void> {
    await this.users.setPassword(user.id, null, { proves: false, reason: 'single_sign_on' }, actor);
    await this.afterPassword(user, null);
  }

  /**
   * Enqueues a mail to reset the password. The result and the work are the same for every address, with an account or
   * without.
   *
   * @throws DomainError `invalid_fields`
   * @example await credentials.forgotPassword('ann@example.com');
   */
  async forgotPassword(email: string): Promise<void> {
    this.passwords.assertLoginAllowed();
    if (!isEmail(email)) throw invalidField('email', 'must be an e-mail address');
    await this.mails.enqueue('reset_password', email, null);
  }

  /**
   * Sets a new password with the token of a mail, and revokes all sessions. The token proves that the user receives
   * mail at the address, so the address counts as verified.
   *
   * @throws DomainError `token_not_valid`, `invalid_fields`, `overloaded`
   * @example await credentials.resetPassword(token, newPassword, origin);
   */
  async resetPassword(token: string, password: string, origin: Origin): Promise<void> {
    const { userId } = await this.mails.find(token, 'reset_password');
    const before = await this.users.getById(userId);
    const passwordHash = await this.passwords.hashNew(password, before.email);
    await this.database.transaction(async () => {
      const { email } = await this.mails.use(token, 'reset_password');
      const proves = canonicalEmail(email) === before.canonicalEmail;
      const user = await this.users.setPassword(
        userId,
        passwordHash,
        { proves, reason: 'forgotten' },
        actorFor(before, origin),
      );
      // Wrong passwords of an attacker must not lock out the owner of the mailbox.
      await this.attempts.erase(user.email);
      await this.afterPassword(user, null);
    });
  }

  /**
   * Enqueues the verification mail again. It is not sent when the address is already verified.
   *
   * @example await credentials.resendVerification(principal);
   */
  async resendVerification({ userId }: UserPrincipal): Promise<void> {
    const user = await this.users.getById(userId);
    await this.mails.enqueue('verify_email', user.email, userId);
  }

  /**
   * Enqueues a mail to confirm a new address. The address of the account changes only when it is confirmed.
   *
   * @throws DomainError `wrong_credentials`, `too_many_attempts`, `overloaded`, `invalid_fields`
   * @example await credentials.changeEmail(principal, { email: 'new@example.com', password }, source);
   */
  async changeEmail(
    caller: UserPrincipal,
    { email, password }: { email: string; password: string },
    source: AttemptSource,
  ): Promise<void> {
    if (!isEmail(email)) throw invalidField('email', 'must be an e-mail address');
    await this.proveAgain(caller, password, source);
    await this.mails.enqueue('change_email', email.trim(), caller.userId);
  }

  /**
   * Confirms the address that a mail with this token was sent to: as verified, or as the new address of the account.
   *
   * @throws DomainError `token_not_valid`, `email_taken`
   * @example await credentials.verifyEmail(token, origin);
   */
  verifyEmail(token: string, origin: Origin): Promise<void> {
    return this.database.transaction(async () => {
      const { userId, email } = await this.mails.use(token, 'verify_email');
      const owner = await this.users.getById(userId);
      const actor = actorFor(owner, origin);
      // Lock order: customer before user, as in every command.
      await this.customers.update(owner.customerId, { email }, actor);
      const { before, after } = await this.users.takeEmail(userId, email, actor);
      if (before.canonicalEmail === after.canonicalEmail) return;
      await this.mails.voidTokens(userId);
      await this.mails.enqueue('email_changed', before.email, userId);
    });
  }

  /**
   * Erases mails, tokens and login attempts of a user, and its data in the security log. Needs a transaction.
   *
   * @example await credentials.erase(user);
   */
  async erase(user: User): Promise<void> {
    await this.mails.erase(user);
    await this.attempts.erase(user.email);
    await this.record.erase(user);
  }

  private async afterPassword(user: User, keptSessionId: string | null): Promise<void> {
    await this.mails.voidTokens(user.id);
    await this.sessions.revokeAll(user.id, 'password_changed', keptSessionId);
    await this.mails.enqueue('password_changed', user.email, user.id);
  }
}
