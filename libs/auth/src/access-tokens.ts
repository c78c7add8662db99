import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Clock } from '@app/kernel';
import { Database, Keyring } from '@app/platform';
import type { SigningKeyEntity } from './auth.entities.js';
import { AuthRepository } from './auth.repository.js';

export const ACCESS_TOKEN_SECONDS = 900;
export const TOKEN_ALGORITHM = 'ES256';
export const TOKEN_ISSUER = 'tollgate';
export const TOKEN_AUDIENCE = 'tollgate';
/** RFC 9068. */
export const TOKEN_TYPE = 'at+jwt';
const SEALED_FOR = 'signing-key';
/** An unknown key id makes us look again, but no more often than this. */
const REREAD_MS = 1_000;

export interface PublicJwk {
  kty: string;
  crv: string;
  x: string;
  y: string;
  kid: string;
  use: 'sig';
  alg: typeof TOKEN_ALGORITHM;
}

/** Signs access tokens with a key of the database's, and finds the keys to verify them with. */
@Injectable()
export class AccessTokens {
  private signing: { kid: string; key: KeyObject } | null = null;
  private verifying = new Map<string, { key: KeyObject; jwk: PublicJwk }>();
  private readAt = 0;

  constructor(
    private readonly jwt: JwtService,
    private readonly repository: AuthRepository,
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  async sign(claims: { userId: string; sessionId: string }): Promise<string> {
    const { kid, key } = await this.signingKey();
    const issued = Math.floor(this.clock.now().getTime() / 1_000);
    return this.jwt.signAsync(
      { sub: claims.userId, sid: claims.sessionId, jti: randomUUID(), iat: issued, exp: issued + ACCESS_TOKEN_SECONDS },
      { privateKey: key as never, algorithm: TOKEN_ALGORITHM, header: { alg: TOKEN_ALGORITHM, kid, typ: TOKEN_TYPE }, issuer: TOKEN_ISSUER, audience: TOKEN_AUDIENCE },
    );
  }

  /** The public key of that id, or null; nothing is ever fetched from where a token says. */
  async verificationKey(kid: string): Promise<KeyObject | null> {
    if (!this.verifying.has(kid)) await this.read();
    return this.verifying.get(kid)?.key ?? null;
  }

  /** The public keys, for others to verify with (RFC 7517). */
  async publicKeys(): Promise<PublicJwk[]> {
    await this.signingKey();
    return [...this.verifying.values()].map(({ jwk }) => jwk);
  }

  private async signingKey(): Promise<{ kid: string; key: KeyObject }> {
    if (!this.signing) await this.read();
    if (!this.signing) await this.make();
    return this.signing!;
  }

  private async read(): Promise<void> {
    const now = this.clock.now().getTime();
    if (Math.abs(now - this.readAt) < REREAD_MS) return;
    this.readAt = now;
    this.learn(await this.repository.signingKeys());
  }

  private learn(rows: SigningKeyEntity[]): void {
    this.verifying = new Map(rows.map(({ kid, publicKey }) => [kid, { key: createPublicKey({ key: publicKey, format: 'jwk' }), jwk: toPublicJwk(kid, publicKey) }]));
    this.signing = rows.map((row) => this.opened(row)).find((found) => found !== null) ?? null;
  }

  /** null when the key was sealed under another secret: then it verifies what it signed, and signs no more. */
  private opened({ kid, sealedPrivateKey }: SigningKeyEntity): { kid: string; key: KeyObject } | null {
    try {
      return { kid, key: createPrivateKey(this.keyring.open(SEALED_FOR, sealedPrivateKey)) };
    } catch {
      return null;
    }
  }

  private async make(): Promise<void> {
    await this.database.transaction(async () => {
      await this.repository.lockFirstStart();
      this.learn(await this.repository.signingKeys());
      if (this.signing) return;
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const jwk = publicKey.export({ format: 'jwk' });
      const sealed = this.keyring.seal(SEALED_FOR, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
      await this.repository.insertSigningKey({ kid: thumbprint(jwk), publicKey: jwk, sealedPrivateKey: sealed, createdAt: this.clock.now() });
      this.learn(await this.repository.signingKeys());
    });
  }
}

function toPublicJwk(kid: string, { kty, crv, x, y }: JsonWebKey): PublicJwk {
  return { kty: kty!, crv: crv!, x: x!, y: y!, kid, use: 'sig', alg: TOKEN_ALGORITHM };
}

/** RFC 7638. */
function thumbprint({ crv, kty, x, y }: JsonWebKey): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
