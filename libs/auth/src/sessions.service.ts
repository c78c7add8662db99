import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock, DomainError, newId } from '@app/kernel';
import { Database } from '@app/platform';
import { AccessTokens } from './access-tokens.js';
import { AuthRepository, type SessionState, type SessionView } from './auth.repository.js';
import { ACCESS_TOKEN_SECONDS } from './domain/access-claims.js';
import { type UserPrincipal, userScope } from './domain/principal.js';
import { secretHash } from './secret-hash.js';

/** How long an instance goes by what it has read, in milliseconds: with what the reading takes, a revocation is everywhere within a second. */
export const REVOCATION_BOUND_MS = 800;
const REFRESH_DAYS = 30;
/** So long after a refresh token was traded its copies are taken for sent at the same time. */
const GRACE_MS = 5_000;
const MAX_CACHED = 50_000;

export interface TokenPair {
  accessToken: string;
  refreshToken: string;
  /** Life of the access token in seconds. */
  expiresIn: number;
}

/** Logins: who is in, until when, and by which tokens. */
@Injectable()
export class SessionsService {
  private readonly alive: LRUCache<string, UserPrincipal>;

  constructor(
    private readonly repository: AuthRepository,
    private readonly tokens: AccessTokens,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    this.alive = new LRUCache({
      max: MAX_CACHED,
      ttl: REVOCATION_BOUND_MS,
      fetchMethod: async (id) => {
        const state = await repository.findSession(id, clock.now());
        return state ? userPrincipal(id, state) : undefined;
      },
    });
  }

  /** Begins a login. Joins the caller's transaction, so that a registration hands out no token that did not commit. */
  open(userId: string): Promise<TokenPair> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const expiresAt = new Date(now.getTime() + REFRESH_DAYS * 86_400_000);
      const sessionId = newId();
      await this.repository.insertSession({
        id: sessionId,
        userId,
        revokedAt: null,
        revokedReason: null,
        expiresAt,
        createdAt: now,
      });
      return this.issue(sessionId, userId, expiresAt);
    });
  }

  /**
   * Trades a refresh token for a new pair. A token that was traded before kills the whole family, unless that was just now:
   * then it is one of several copies sent at once, over whatever instances, and only fails.
   * @throws DomainError `invalid_refresh_token`
   */
  async refresh(refreshToken: string): Promise<TokenPair> {
    const hash = secretHash(refreshToken);
    const found = await this.repository.findRefreshToken(hash);
    const now = this.clock.now();
    if (!found || found.revokedAt || !found.active || found.expiresAt <= now) throw refused();
    if (!found.rotatedAt) {
      const pair = await this.database.transaction(async () => {
        const won = await this.repository.rotateRefreshToken(hash, this.clock.now());
        return won ? this.issue(found.sessionId, found.userId, found.expiresAt) : null;
      });
      if (pair) return pair;
      throw refused();
    }
    if (now.getTime() - found.rotatedAt.getTime() > GRACE_MS)
      await this.database.separately(() => this.revoke(found.sessionId, 'refresh_token_reused'));
    throw refused();
  }

  /** Who a verified access token speaks for. @throws DomainError `invalid_token` when its session is over */
  async authenticate(sessionId: string): Promise<UserPrincipal> {
    const state = await this.alive.fetch(sessionId);
    if (!state) throw new DomainError('unauthenticated', 'invalid_token', 'The access token is not valid.');
    return state;
  }

  async revoke(sessionId: string, reason: string): Promise<void> {
    await this.database.transaction(async () => {
      await this.repository.revokeSession(sessionId, reason, this.clock.now());
      this.database.afterCommit(() => this.alive.delete(sessionId));
    });
  }

  /** Ends the session of a refresh token, if it is this user's. */
  async revokeByRefreshToken(userId: string, refreshToken: string): Promise<void> {
    const found = await this.repository.findRefreshToken(secretHash(refreshToken));
    if (found?.userId === userId) await this.revoke(found.sessionId, 'logout');
  }

  /** Ends every session of a user, but for one that is to stay. Joins the caller's transaction. */
  async revokeAll(userId: string, reason: string, exceptId: string | null = null): Promise<void> {
    await this.database.transaction(async () => {
      const ended = await this.repository.revokeAllSessions(userId, { reason, exceptId, now: this.clock.now() });
      this.database.afterCommit(() => ended.forEach((id) => this.alive.delete(id)));
    });
  }

  /** The logins of a user that are not over, newest first. */
  listOf(userId: string): Promise<SessionView[]> {
    return this.repository.listSessions(userId, this.clock.now());
  }

  private async issue(sessionId: string, userId: string, expiresAt: Date): Promise<TokenPair> {
    const refreshToken = randomBytes(32).toString('base64url');
    await this.repository.insertRefreshToken({
      hash: secretHash(refreshToken),
      sessionId,
      rotatedAt: null,
      expiresAt,
      createdAt: this.clock.now(),
    });
    return {
      accessToken: await this.tokens.sign({ userId, sessionId }),
      refreshToken,
      expiresIn: ACCESS_TOKEN_SECONDS,
    };
  }
}

function userPrincipal(sessionId: string, state: SessionState): UserPrincipal {
  const { userId, role } = state;
  return { kind: 'user', sessionId, userId, role, scope: userScope(state) };
}

function refused(): DomainError {
  return new DomainError('unauthenticated', 'invalid_refresh_token', 'The refresh token is not valid.');
}
