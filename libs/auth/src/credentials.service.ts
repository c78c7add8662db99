import { Injectable } from '@nestjs/common';
import { CustomersService } from '@app/customers';
import { type Actor, DomainError, invalidField, type Origin } from '@app/kernel';
import { Database } from '@app/platform';
import { canonicalEmail, isEmail, type User, UsersService } from '@app/users';
import { AccountMailsService } from './account-mails.service.js';
import { actorOf, type UserPrincipal } from './domain/principal.js';
import { LoginAttemptsService } from './login-attempts.service.js';
import { Passwords } from './passwords.js';
import { SessionsService } from './sessions.service.js';

const actorFor = ({ id }: User, origin: Origin): Actor => ({ kind: 'user', id, origin });

/** By what people prove who they are, and how they change it: the password, and the address that mail goes to. */
@Injectable()
export class CredentialsService {
  constructor(
    private readonly users: UsersService,
    private readonly customers: CustomersService,
    private readonly sessions: SessionsService,
    private readonly mails: AccountMailsService,
    private readonly attempts: LoginAttemptsService,
    private readonly passwords: Passwords,
    private readonly database: Database,
  ) {}

  /**
   * Who has this password. Takes as long for an unknown account, a wrong password and a deactivated account.
   * @param source where the try comes from
   * @throws DomainError `wrong_credentials`, `too_many_attempts`, `overloaded`
   */
  async prove(email: string, password: string, source: string): Promise<User> {
    await this.attempts.begin(email, source);
    const user = await this.users.findByEmail(email);
    const matches = await this.passwords.verify(user?.passwordHash ?? null, password);
    if (!user || !matches || !user.active)
      throw new DomainError('unauthenticated', 'wrong_credentials', 'The e-mail or the password is wrong.');
    await this.attempts.succeed(email, source);
    return user;
  }

  /** The caller, once more with the password: before what cannot be taken back. @throws DomainError `wrong_credentials`, `too_many_attempts` */
  async proveAgain({ userId }: UserPrincipal, password: string, source: string): Promise<User> {
    const { email } = await this.users.getById(userId);
    return this.prove(email, password, source);
  }

  /** Ends all other sessions. @throws DomainError `wrong_credentials`, `too_many_attempts`, `invalid_fields` */
  async changePassword(
    caller: UserPrincipal,
    { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
    source: string,
  ): Promise<void> {
    const user = await this.proveAgain(caller, currentPassword, source);
    const passwordHash = await this.passwords.hashNew(newPassword, user.email, 'newPassword');
    await this.database.transaction(async () => {
      await this.users.setPassword(user.id, passwordHash, { proves: false, reason: 'changed' }, actorOf(caller));
      await this.afterPassword(user, caller.sessionId);
    });
  }

  /** Answers the same, after the same work, whether there is an account or not; mail tells the rest. @throws DomainError `invalid_fields` */
  async forgotPassword(email: string): Promise<void> {
    if (!isEmail(email)) throw invalidField('email', 'must be an e-mail address');
    await this.mails.enqueue('reset_password', email, null);
  }

  /** Ends all sessions. Whoever has the token has the mail: the address is verified by it. @throws DomainError `token_not_valid`, `invalid_fields` */
  async resetPassword(token: string, password: string, origin: Origin): Promise<void> {
    const { userId } = await this.mails.find(token, 'reset_password');
    const known = await this.users.getById(userId);
    const passwordHash = await this.passwords.hashNew(password, known.email);
    await this.database.transaction(async () => {
      const { email } = await this.mails.use(token, 'reset_password');
      const proves = canonicalEmail(email) === known.canonicalEmail;
      const user = await this.users.setPassword(
        userId,
        passwordHash,
        { proves, reason: 'forgotten' },
        actorFor(known, origin),
      );
      // Somebody's guesses are no reason to keep out whoever reads the mail.
      await this.attempts.erase(user.email);
      await this.afterPassword(user, null);
    });
  }

  /** Sends the mail once more, unless the address is verified already. */
  async resendVerification({ userId }: UserPrincipal): Promise<void> {
    const user = await this.users.getById(userId);
    await this.mails.enqueue('verify_email', user.email, userId);
  }

  /** The address changes when its owner has confirmed it; until then nothing does. @throws DomainError `wrong_credentials`, `too_many_attempts`, `invalid_fields` */
  async changeEmail(
    caller: UserPrincipal,
    { email, password }: { email: string; password: string },
    source: string,
  ): Promise<void> {
    if (!isEmail(email)) throw invalidField('email', 'must be an e-mail address');
    await this.proveAgain(caller, password, source);
    await this.mails.enqueue('change_email', email.trim(), caller.userId);
  }

  /** Takes the address that a mail was answered from. @throws DomainError `token_not_valid`, `email_taken` */
  verifyEmail(token: string, origin: Origin): Promise<void> {
    return this.database.transaction(async () => {
      const { userId, email } = await this.mails.use(token, 'verify_email');
      const known = await this.users.getById(userId);
      const actor = actorFor(known, origin);
      // First the customer, then the user: the order in which everybody holds them.
      await this.customers.update(known.customerId, { email }, actor);
      const { before, after } = await this.users.takeEmail(userId, email, actor);
      if (before.canonicalEmail === after.canonicalEmail) return;
      await this.mails.voidTokens(userId);
      await this.mails.enqueue('email_changed', before.email, userId);
    });
  }

  /** Deletes the mails, mailed tokens and login attempts of a user. Needs a transaction. */
  async erase(user: User): Promise<void> {
    await this.mails.erase(user);
    await this.attempts.erase(user.email);
  }

  private async afterPassword(user: User, keptSessionId: string | null): Promise<void> {
    await this.mails.voidTokens(user.id);
    await this.sessions.revokeAll(user.id, 'password_changed', keptSessionId);
    await this.mails.enqueue('password_changed', user.email, user.id);
  }
}
