import { Injectable } from '@nestjs/common';
import { type Actor, DomainError, notFound } from '@app/kernel';
import { Events, type EventType } from '@app/events';
import { Database } from '@app/platform';
import { type User, UsersService } from '@app/users';
import { AccountMailsService } from './account-mails.service.js';
import { CredentialsService } from './credentials.service.js';
import type { AccountMailKind } from './domain/account-mail.js';
import type { AttemptSource } from './domain/attempt-source.js';
import { actorOf, type UserPrincipal } from './domain/principal.js';
import { otpauthUri, base32 } from './totp.js';
import { SecondFactorCodes } from './second-factor-codes.js';
import { SecondFactorsRepository, type SecondFactorView } from './second-factors.repository.js';
import { SessionsService } from './sessions.service.js';

/** Second factors of users: set up, confirm, disable, reset. */
@Injectable()
export class SecondFactorsService {
  constructor(
    private readonly repository: SecondFactorsRepository,
    private readonly codes: SecondFactorCodes,
    private readonly credentials: CredentialsService,
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly mails: AccountMailsService,
    private readonly events: Events,
    private readonly database: Database,
  ) {}

  /** The factor of a user; null: none was set up. @example const factor = await secondFactors.find(userId); */
  find(userId: string): Promise<SecondFactorView | null> {
    return this.repository.view(userId);
  }

  /** True for a user whose logins need a code. @example if (await secondFactors.isNeeded(user.id)) throw ... */
  isNeeded(userId: string): Promise<boolean> {
    return this.repository.isConfirmed(userId);
  }

  /**
   * Generates a secret for the caller, which takes effect when it is confirmed. It replaces one that was not.
   *
   * @throws DomainError `second_factor_not_offered` for the role user, `second_factor_enabled`, `wrong_credentials`,
   * `too_many_attempts`
   * @example const { uri } = await secondFactors.setUp(principal, password, source);
   */
  async setUp(
    caller: UserPrincipal,
    password: string,
    source: AttemptSource,
  ): Promise<{ secret: string; uri: string }> {
    const user = await this.credentials.proveAgain(caller, password, source);
    if (user.role === 'user')
      throw new DomainError('forbidden', 'second_factor_not_offered', 'Only roles above user have a second factor.');
    const { secret, sealed } = this.codes.drawSecret();
    const stored = await this.database.transaction(() => this.repository.setUp(user.id, sealed));
    if (!stored)
      throw new DomainError('conflict', 'second_factor_enabled', 'The second factor is enabled; disable it first.');
    return { secret: base32(secret), uri: otpauthUri(secret, user.email) };
  }

  /**
   * Puts the factor that was set up in force with its first code. All other sessions of the caller end.
   *
   * @returns the recovery codes, which are not stored readably
   * @throws DomainError `second_factor_enabled`, `second_factor_not_set_up`, `wrong_code`
   * @example const { recoveryCodes } = await secondFactors.confirm(principal, code);
   */
  async confirm(caller: UserPrincipal, code: string): Promise<{ recoveryCodes: string[] }> {
    const user = await this.users.getById(caller.userId);
    const recovery = this.codes.drawRecoveryCodes();
    await this.database.transaction(async () => {
      await this.codes.confirm(user.id, code, recovery.hashes);
      await this.report(user, 'second_factor.enabled', 'second_factor_enabled', { actor: actorOf(caller) });
      await this.sessions.revokeAll(user.id, 'second_factor_enabled', caller.sessionId);
      this.sessions.refreshAfterCommit(caller.sessionId);
    });
    return { recoveryCodes: recovery.codes };
  }

  /**
   * Proves the second factor of a user who gave the password. A used recovery code is reported by mail.
   *
   * @throws DomainError `wrong_code`, `too_many_attempts`, `second_factor_not_readable`
   * @example await secondFactors.prove(user, code, source);
   */
  async prove(user: User, code: string, source: AttemptSource): Promise<void> {
    if (!(await this.codes.prove(user, code, source))) return;
    const { address, requestId } = source;
    const actor: Actor = { kind: 'user', id: user.id, origin: { address, requestId } };
    await this.database.transaction(() =>
      this.report(user, 'second_factor.recovery_code_used', 'recovery_code_used', { actor }),
    );
  }

  /**
   * Deletes the caller's factor. Needs the password and a code. All other sessions of the caller end.
   *
   * @throws DomainError `wrong_credentials`, `wrong_code`, `too_many_attempts`, `second_factor_not_readable`
   * @example await secondFactors.disable(principal, { password, code }, source);
   */
  async disable(
    caller: UserPrincipal,
    { password, code }: { password: string; code: string },
    source: AttemptSource,
  ): Promise<void> {
    const user = await this.credentials.proveAgain(caller, password, source);
    await this.codes.prove(user, code, source);
    await this.database.transaction(async () => {
      await this.repository.delete(user.id);
      await this.report(user, 'second_factor.disabled', 'second_factor_disabled', { actor: actorOf(caller) });
      await this.sessions.revokeAll(user.id, 'second_factor_disabled', caller.sessionId);
      this.sessions.refreshAfterCommit(caller.sessionId);
    });
  }

  /**
   * Deletes the factor of another user, who lost it. All sessions of the user end.
   *
   * @throws DomainError `own_second_factor`, `user_not_found`, `second_factor_not_found`
   * @example await secondFactors.reset(userId, principal, 'lost phone');
   */
  async reset(userId: string, admin: UserPrincipal, reason?: string): Promise<void> {
    if (userId === admin.userId)
      throw new DomainError('conflict', 'own_second_factor', 'Disable your own second factor with password and code.');
    const user = await this.users.getById(userId);
    await this.database.transaction(async () => {
      if (!(await this.repository.delete(userId))) throw notFound('second_factor');
      await this.report(user, 'second_factor.reset', 'second_factor_disabled', {
        actor: actorOf(admin),
        reason,
      });
      await this.sessions.revokeAll(userId, 'second_factor_reset');
    });
  }

  /** Erases the factor of a user. Needs a transaction. @example await secondFactors.erase(user.id); */
  async erase(userId: string): Promise<void> {
    await this.repository.delete(userId);
  }

  private async report(
    { id, email, customerId }: User,
    type: EventType,
    mail: AccountMailKind,
    { actor, reason }: { actor: Actor; reason?: string },
  ): Promise<void> {
    await this.events.record({ type, subject: { type: 'user', id }, customerId, productId: null, actor, reason });
    await this.mails.enqueue(mail, email, id);
  }
}
