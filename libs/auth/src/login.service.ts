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

  /** @param source where the try comes from. @throws DomainError `wrong_credentials`, `too_many_attempts`, `overloaded` */
  async login(email: string, password: string, source: string): Promise<TokenPair> {
    const { id } = await this.credentials.prove(email, password, source);
    return this.sessions.open(id);
  }

  /** Ends the caller's session, the one of a refresh token if given, or all of them. */
  async logout(
    caller: { userId: string; sessionId: string },
    { refreshToken, everywhere }: { refreshToken?: string; everywhere?: boolean },
  ): Promise<void> {
    if (everywhere) return this.sessions.revokeAll(caller.userId, 'logout_everywhere');
    if (refreshToken) await this.sessions.revokeByRefreshToken(caller.userId, refreshToken);
    await this.sessions.revoke(caller.sessionId, 'logout');
  }
}
