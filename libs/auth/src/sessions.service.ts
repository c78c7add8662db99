import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, DomainError, newId, type Origin } from '@app/kernel';
import { Config, Database, Keyring, LoadingCache, type SignInConfig } from '@app/platform';
import { AccessTokens } from './access-tokens.js';
import { AuthenticationRecord } from './authentication-record.js';
import { AuthRepository, type RefreshState, type SessionState, type SessionView } from './auth.repository.js';
import { ACCESS_TOKEN_SECONDS } from './domain/access-claims.js';
import { type UserPrincipal, userScope } from './domain/principal.js';
import { secretHash } from './secret-hash.js';

/** TTL of cached sessions and API keys, in ms. Read time included, a revocation reaches every instance in 1 s. */
export const REVOCATION_BOUND_MS = 800;
export const REFRESH_DAYS = 30;
/** Within this time after rotation, in ms, a copy of a refresh token counts as a concurrent retry, not as theft. */
const GRACE_MS = 5_000;
const MAX_CACHED = 50_000;
const DERIVED_FOR = 'refresh-successor';

/** Tokens of a session. */
export interface TokenPair {
  accessToken: string;
  refreshToken: string;
  /** Lifetime of the access token, in seconds. */
  expiresIn: number;
}

/** Sessions: one per login, with rotating refresh tokens. */
@Injectable()
export class SessionsService {
  private readonly cache: LoadingCache<UserPrincipal>;

  constructor(
    private readonly repository: AuthRepository,
    private readonly tokens: AccessTokens,
    private readonly database: Database,
    private readonly record: AuthenticationRecord,
    private readonly keyring: Keyring,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {
    this.cache = new LoadingCache(database, { max: MAX_CACHED, ttl: REVOCATION_BOUND_MS }, async (id) => {
      const state = await repository.findSession(id, clock.now());
      return state && userPrincipal(id, state, this.config.signIn);
    });
  }

  /**
   * Opens a session, in the caller's transaction: a registration that rolls back leaves no valid token.
   *
   * @param options.singleSignOn true when the OpenID Connect provider signed the user in
   * @example const { accessToken, refreshToken } = await sessions.open(user.id);
   */
  open(userId: string, { singleSignOn }: { singleSignOn: boolean } = { singleSignOn: false }): Promise<TokenPair> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const expiresAt = new Date(now.getTime() + REFRESH_DAYS * 86_400_000);
      const sessionId = newId();
      await this.repository.insertSession({
        id: sessionId,
        userId,
        revokedAt: null,
        revokedReason: null,
        singleSignOn,
        expiresAt,
        createdAt: now,
      });
      return this.issue(drawToken(), { sessionId, userId, expiresAt });
    });
  }

  /**
   * Rotates a refresh token. Reuse of a rotated token revokes its session, unless it was rotated less than 5 s ago:
   * such a copy is a concurrent retry, possibly on another instance, and is only rejected.
   *
   * @throws DomainError `invalid_refresh_token`
   * @example const { accessToken, refreshToken } = await sessions.refresh(oldRefreshToken, origin);
   */
  async refresh(refreshToken: string, origin: Origin): Promise<TokenPair> {
    return (await this.rotate(refreshToken, drawToken(), origin)) ?? refuseRefreshToken();
  }

  /**
   * Like `refresh`, for a token that several callers share: the tabs of a browser, by its cookie. A copy of a token
   * that was rotated less than 5 s ago gets the same new refresh token. So tabs that refresh concurrently, and a page
   * whose answer was lost, stay logged in, and the session still has one valid refresh token.
   *
   * @throws DomainError `invalid_refresh_token`
   * @example const { accessToken, refreshToken } = await sessions.refreshShared(cookie, origin);
   */
  async refreshShared(refreshToken: string, origin: Origin): Promise<TokenPair> {
    const rotated = await this.rotate(refreshToken, this.successorOf(refreshToken), origin);
    return rotated ?? this.currentAfter(refreshToken);
  }

  /**
   * The user of a verified access token, cached for up to 800 ms.
   *
   * @throws DomainError `invalid_token` when its session is expired or revoked, or its user is inactive
   * @example const principal = await sessions.authenticate(claims.sid);
   */
  async authenticate(sessionId: string): Promise<UserPrincipal> {
    const state = await this.cache.load(sessionId);
    if (!state)
      throw new DomainError(
        'unauthenticated',
        'invalid_token',
        'The session of this access token has ended; log in again.',
      );
    return state;
  }

  /**
   * Like `authenticate` without a wait: the user while the session is cached, else null.
   *
   * @example const principal = sessions.peek(claims.sid) ?? (await sessions.authenticate(claims.sid));
   */
  peek(sessionId: string): UserPrincipal | null {
    return this.cache.get(sessionId) ?? null;
  }

  /**
   * Revokes a session: on this instance immediately, on the others within 1 s.
   *
   * @example await sessions.revoke(id, 'logout');
   */
  async revoke(sessionId: string, reason: string): Promise<void> {
    await this.database.transaction(async () => {
      await this.repository.revokeSession(sessionId, reason, this.clock.now());
      this.database.afterCommit(() => this.cache.delete(sessionId));
    });
  }

  /**
   * Revokes the session of a refresh token, used or not, if the session belongs to the user. Else it does nothing.
   *
   * @param userId null: of any user
   * @example await sessions.revokeByRefreshToken(userId, token);
   */
  async revokeByRefreshToken(userId: string | null, refreshToken: string): Promise<void> {
    const token = await this.repository.findRefreshToken(secretHash(refreshToken));
    if (token && (userId === null || token.userId === userId)) await this.revoke(token.sessionId, 'logout');
  }

  /**
   * Revokes every session of a user, in the caller's transaction.
   *
   * @param exceptId a session to keep
   * @example await sessions.revokeAll(userId, 'password_changed', principal.sessionId);
   */
  async revokeAll(userId: string, reason: string, exceptId: string | null = null): Promise<void> {
    await this.database.transaction(async () => {
      const revoked = await this.repository.revokeAllSessions(userId, { reason, exceptId, now: this.clock.now() });
      this.database.afterCommit(() => revoked.forEach((id) => this.cache.delete(id)));
    });
  }

  /** Reads a session again once the running transaction has committed: the rights of its user may have changed. */
  refreshAfterCommit(sessionId: string): void {
    this.database.afterCommit(() => this.cache.delete(sessionId));
  }

  /**
   * Sessions of a user that are neither expired nor revoked, newest first.
   *
   * @example await sessions.listOf(userId)
   */
  listOf(userId: string): Promise<SessionView[]> {
    return this.repository.listSessions(userId, this.clock.now());
  }

  /** @returns null for a copy of a token that was rotated less than 5 s ago */
  private async rotate(refreshToken: string, successor: string, origin: Origin): Promise<TokenPair | null> {
    const hash = secretHash(refreshToken);
    const token = await this.findUsable(hash);
    if (!token.rotatedAt)
      return this.database.transaction(async () => {
        const won = await this.repository.rotateRefreshToken(hash, this.clock.now());
        return won ? this.issue(successor, token) : null;
      });
    if (this.clock.now().getTime() - token.rotatedAt.getTime() <= GRACE_MS) return null;
    await this.database.inSeparateTransaction(() => this.revoke(token.sessionId, 'refresh_token_reused'));
    this.record.refreshTokenReused(token.userId, token.sessionId, origin);
    return refuseRefreshToken();
  }

  /** The valid token after one that was rotated by `refreshShared`. */
  private async currentAfter(refreshToken: string): Promise<TokenPair> {
    for (let next = this.successorOf(refreshToken); ; next = this.successorOf(next)) {
      const token = await this.findUsable(secretHash(next));
      if (!token.rotatedAt) return this.pair(next, token);
    }
  }

  /** Equal for equal tokens, on every instance, and not predictable without SECRET_KEY. */
  private successorOf(refreshToken: string): string {
    return this.keyring.sign(DERIVED_FOR, refreshToken).toString('base64url');
  }

  private async findUsable(hash: Buffer): Promise<RefreshState> {
    const token = await this.repository.findRefreshToken(hash);
    if (!token || token.revokedAt || !token.active || token.expiresAt <= this.clock.now()) return refuseRefreshToken();
    return token;
  }

  private async issue(refreshToken: string, session: OpenSession): Promise<TokenPair> {
    const { sessionId, expiresAt } = session;
    await this.repository.insertRefreshToken({
      hash: secretHash(refreshToken),
      sessionId,
      rotatedAt: null,
      expiresAt,
      createdAt: this.clock.now(),
    });
    return this.pair(refreshToken, session);
  }

  private async pair(refreshToken: string, { userId, sessionId }: Omit<OpenSession, 'expiresAt'>): Promise<TokenPair> {
    return {
      accessToken: await this.tokens.sign({ userId, sessionId }),
      refreshToken,
      expiresIn: ACCESS_TOKEN_SECONDS,
    };
  }
}

type OpenSession = Pick<RefreshState, 'userId' | 'sessionId' | 'expiresAt'>;

const drawToken = (): string => randomBytes(32).toString('base64url');

function userPrincipal(sessionId: string, state: SessionState, { requireSecondFactor }: SignInConfig): UserPrincipal {
  const { userId, role, hasSecondFactor, singleSignOn } = state;
  const lacksSecondFactor = requireSecondFactor && role !== 'user' && !hasSecondFactor && !singleSignOn;
  return { kind: 'user', sessionId, userId, role, lacksSecondFactor, scope: userScope(state) };
}

function refuseRefreshToken(): never {
  throw new DomainError(
    'unauthenticated',
    'invalid_refresh_token',
    'The refresh token is unknown, expired, revoked or already used; log in again.',
  );
}
