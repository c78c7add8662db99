import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { AccessTokens } from './access-tokens.js';
import type { AccessClaims } from './domain/access-claims.js';
import type { UserPrincipal } from './domain/principal.js';
import { SessionsService } from './sessions.service.js';
import { SigningKeys } from './signing-keys.js';

const MAX_REMEMBERED = 50_000;

/** A token whose signature, issuer, audience and type were verified. Its times, key and session change: see below. */
export interface VerifiedToken {
  kid: string;
  claims: AccessClaims & { sid: string };
}

/**
 * Access tokens that this instance has verified, by hash, so that each signature is computed once. Measured: 71 us for
 * ES256, 0.7 us for the hash (Node 20).
 */
@Injectable()
export class RememberedTokens {
  private readonly verified = new LRUCache<string, VerifiedToken>({ max: MAX_REMEMBERED });

  constructor(
    private readonly keys: SigningKeys,
    private readonly tokens: AccessTokens,
    private readonly sessions: SessionsService,
  ) {}

  /** Remembers a token. Call it only after every check of the token succeeded. */
  remember(token: string, verified: VerifiedToken): void {
    this.verified.set(hashOf(token), verified);
  }

  /**
   * The user of a remembered token, if the token is timely and its key verifies; null for every other token, which has
   * to be verified, or refused, as a new one. Synchronous while keys and session are cached, which is the hot path.
   *
   * @throws DomainError `invalid_token` when its session is expired or revoked, or its user is inactive
   * @example const principal = (await remembered.authenticate(token)) ?? (await verify(token));
   */
  authenticate(token: string): UserPrincipal | null | Promise<UserPrincipal | null> {
    const known = this.verified.get(hashOf(token));
    if (!known || !this.tokens.isTimely(known.claims)) return null;
    const { kid, claims } = known;
    return this.keys.isKnownToVerify(kid)
      ? (this.sessions.peek(claims.sid) ?? this.sessions.authenticate(claims.sid))
      : this.keys.verificationKey(kid).then((key) => key && this.sessions.authenticate(claims.sid));
  }
}

const hashOf = (token: string): string => hash('sha256', token, 'base64');
