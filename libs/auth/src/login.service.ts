import { Injectable } from '@nestjs/common';
import { AuthenticationRecord } from './authentication-record.js';
import { CredentialsService } from './credentials.service.js';
import type { AttemptSource } from './domain/attempt-source.js';
import { SessionsService, type TokenPair } from './sessions.service.js';

/** Login with e-mail and password, and logout. */
@Injectable()
export class LoginService {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly sessions: SessionsService,
    private readonly record: AuthenticationRecord,
  ) {}

  /**
   * Opens a session for the user with this e-mail and password.
   *
   * @throws DomainError `wrong_credentials`, `too_many_attempts`, `overloaded`
   * @example const { accessToken } = await logins.login('ann@example.com', password, source);
   */
  async login(email: string, password: string, source: AttemptSource): Promise<TokenPair> {
    const user = await this.credentials.prove(email, password, source);
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
