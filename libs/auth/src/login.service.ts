import { Injectable } from '@nestjs/common';
import type { Origin } from '@app/kernel';
import type { User } from '@app/users';
import { AuthenticationRecord } from './authentication-record.js';
import { CredentialsService } from './credentials.service.js';
import type { AttemptSource } from './domain/attempt-source.js';
import { LoginChallenges } from './login-challenges.js';
import { SecondFactorsService } from './second-factors.service.js';
import { SessionsService, type TokenPair } from './sessions.service.js';

/** Login with e-mail, password and second factor, and logout. */
@Injectable()
export class LoginService {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly secondFactors: SecondFactorsService,
    private readonly challenges: LoginChallenges,
    private readonly sessions: SessionsService,
    private readonly record: AuthenticationRecord,
  ) {}

  /**
   * Opens a session for the user with this e-mail and password.
   *
   * @throws DomainError `second_factor_required` with a `challenge` for `loginWithCode`; `wrong_credentials`,
   * `too_many_attempts`, `overloaded`
   * @example const { accessToken } = await logins.login('ann@example.com', password, source);
   */
  async login(email: string, password: string, source: AttemptSource): Promise<TokenPair> {
    const user = await this.credentials.prove(email, password, source);
    if (await this.secondFactors.isNeeded(user.id)) throw this.challenges.required(user);
    return this.open(user, source);
  }

  /**
   * Opens a session for a user who gave the password and now the code of the second factor, or a recovery code.
   *
   * @throws DomainError `invalid_challenge`, `wrong_code`, `too_many_attempts`, `second_factor_not_readable`
   * @example const { accessToken } = await logins.loginWithCode(challenge, code, source);
   */
  async loginWithCode(challenge: string, code: string, source: AttemptSource): Promise<TokenPair> {
    const user = await this.challenges.userOf(challenge);
    await this.secondFactors.prove(user, code, source);
    return this.open(user, source);
  }

  /**
   * Opens a session for a user whom the OpenID Connect provider signed in, in the caller's transaction.
   *
   * @example const tokens = await logins.openBySingleSignOn(user, origin);
   */
  async openBySingleSignOn(user: User, origin: Origin): Promise<TokenPair> {
    const tokens = await this.sessions.open(user.id, { singleSignOn: true });
    this.record.loggedIn(user, origin);
    return tokens;
  }

  private async open(user: User, source: AttemptSource): Promise<TokenPair> {
    const tokens = await this.sessions.open(user.id);
    this.record.loggedIn(user, source);
    return tokens;
  }

  /**
   * Revokes the caller's session, also the session of a refresh token if one is given, or all sessions of the caller.
   *
   * @example await logins.logout(principal, { everywhere: true });
   */
  async logout(
    caller: { userId: string; sessionId: string },
    { refreshToken, everywhere }: { refreshToken?: string; everywhere?: boolean },
  ): Promise<void> {
    if (everywhere) return this.sessions.revokeAll(caller.userId, 'logout_everywhere');
    if (refreshToken) await this.sessions.revokeByRefreshToken(caller.userId, refreshToken);
    await this.sessions.revoke(caller.sessionId, 'logout');
  }
}
