import { Injectable } from '@nestjs/common';
import { CredentialsService } from './credentials.service.js';
import { SessionsService, type TokenPair } from './sessions.service.js';

/** Login with e-mail and password, and logout. */
@Injectable()
export class LoginService {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly sessions: SessionsService,
  ) {}

  /**
   * Opens a session for the user with this e-mail and password.
   *
   * @param source address block of the caller: wrong passwords are counted for it
   * @throws DomainError `wrong_credentials`, `too_many_attempts`, `overloaded`
   * @example const { accessToken } = await logins.login('ann@example.com', password, '203.0.113.7');
   */
  async login(email: string, password: string, source: string): Promise<TokenPair> {
    const { id } = await this.credentials.prove(email, password, source);
    return this.sessions.open(id);
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
