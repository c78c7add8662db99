import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Config, Database, Keyring } from '@app/platform';
import type { SigningKeyEntity } from './auth.entities.js';
import { AuthRepository } from './auth.repository.js';
import { ACCESS_TOKEN_SECONDS } from './domain/access-claims.js';

export const TOKEN_ALGORITHM = 'ES256';
const SEALED_FOR = 'signing-key';
/** No instance goes by an older list than this: a key that is withdrawn is dead everywhere after it. */
const REREAD_MS = 1_000;
/** An unknown key id makes us look again, but no more often than this. */
const COOLDOWN_MS = 100;
/** A new key is published this long before anything is signed with it, so that whoever verifies has it by then. */
const PUBLISHED_AHEAD_MS = 5 * 60_000;
/** A key verifies this long after its successor has taken over: what it signed last is over by then. */
const VERIFIES_AFTER_MS = ACCESS_TOKEN_SECONDS * 1_000 + 60_000;
const DAY_MS = 86_400_000;

export interface PublicJwk {
  kty: string;
  crv: string;
  x: string;
  y: string;
  kid: string;
  use: 'sig';
  alg: typeof TOKEN_ALGORITHM;
}

interface Known {
  /** Newest first. */
  rows: SigningKeyEntity[];
  verifying: Map<string, { key: KeyObject; jwk: PublicJwk }>;
  readAt: number;
}

/** The keys that access tokens are signed with: kept sealed in the database, one at a time in use, replaced without anybody noticing. */
@Injectable()
export class SigningKeys {
  private readonly logger = new Logger('SigningKeys');
  private readonly opened = new Map<string, KeyObject | null>();
  private latest: Known | null = null;
  private reading: Promise<Known> | null = null;

  constructor(
    private readonly repository: AuthRepository,
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** The key to sign with now; made if there is none. */
  async current(): Promise<{ kid: string; key: KeyObject }> {
    return this.signerOf(await this.known(REREAD_MS)) ?? this.makeFirst();
  }

  /** The public key of that id, or null; nothing is ever fetched from where a token says. */
  async verificationKey(kid: string): Promise<KeyObject | null> {
    const { verifying } = await this.known(REREAD_MS);
    return (verifying.get(kid) ?? (await this.known(COOLDOWN_MS)).verifying.get(kid))?.key ?? null;
  }

  /** The public keys, for others to verify with (RFC 7517): those in use, the next one, and those whose tokens are not over. */
  async publicKeys(): Promise<PublicJwk[]> {
    await this.current();
    return [...(await this.known(REREAD_MS)).verifying.values()].map(({ jwk }) => jwk);
  }

  /**
   * Makes a new key that takes over in five minutes; the old one verifies until its last token is over.
   * `immediately`: all keys that were are withdrawn, and every access token with them. Refresh tokens bring new ones.
   * @returns the id of the new key
   */
  async rotate({ immediately = false } = {}): Promise<string> {
    const kid = await this.database.transaction(async () => {
      await this.repository.lockFirstStart();
      const made = await this.make(immediately ? 0 : PUBLISHED_AHEAD_MS);
      if (immediately) await this.repository.deleteSigningKeysBut([made]);
      return made;
    });
    this.latest = null;
    this.logger.log(
      immediately ? `Signing key ${kid} has replaced all others.` : `Signing key ${kid} takes over in five minutes.`,
    );
    return kid;
  }

  /** Rotates when the newest key has come of age, and drops those that nothing is verified with any more. Any number of workers may ask. */
  async rotateWhenDue(): Promise<void> {
    await this.database.transaction(async () => {
      await this.repository.lockFirstStart();
      const now = this.clock.now().getTime();
      const [newest] = await this.repository.signingKeys();
      if (newest && now - newest.signsFrom.getTime() >= this.config.signingKeyDays * DAY_MS)
        this.logger.log(`Signing key ${await this.make(PUBLISHED_AHEAD_MS)} takes over in five minutes.`);
      const rows = await this.repository.signingKeys();
      const kept = rows.filter(
        (_, index) => index === 0 || rows[index - 1]!.signsFrom.getTime() + VERIFIES_AFTER_MS > now,
      );
      if (kept.length < rows.length) await this.repository.deleteSigningKeysBut(kept.map(({ kid }) => kid));
    });
  }

  /** The list as it was read, no longer ago than so many milliseconds. Whoever comes while one reads gets that reading. */
  private async known(oldest: number): Promise<Known> {
    if (this.latest && performance.now() - this.latest.readAt < oldest) return this.latest;
    this.reading ??= this.read().finally(() => (this.reading = null));
    return this.reading;
  }

  private async read(): Promise<Known> {
    const readAt = performance.now();
    const rows = await this.repository.signingKeys();
    const verifying = new Map(
      rows.map(({ kid, publicKey }) => [
        kid,
        { key: createPublicKey({ key: publicKey, format: 'jwk' }), jwk: toPublicJwk(kid, publicKey) },
      ]),
    );
    this.latest = { rows, readAt, verifying };
    return this.latest;
  }

  private signerOf({ rows }: Known): { kid: string; key: KeyObject } | null {
    const now = this.clock.now();
    for (const row of rows) {
      const key = row.signsFrom <= now ? this.open(row) : null;
      if (key) return { kid: row.kid, key };
    }
    return null;
  }

  /** null when the key was sealed under another secret: then it verifies what it signed, and signs no more. */
  private open({ kid, sealedPrivateKey }: SigningKeyEntity): KeyObject | null {
    if (!this.opened.has(kid)) {
      const key = this.unsealed(sealedPrivateKey);
      this.opened.set(kid, key);
      if (!key)
        this.logger.error(
          `SECRET_KEY is not the one under which signing key ${kid} was sealed. If that is not meant, stop here: what else was sealed cannot be read either.`,
        );
    }
    return this.opened.get(kid)!;
  }

  private unsealed(sealed: Buffer): KeyObject | null {
    try {
      return createPrivateKey(this.keyring.open(SEALED_FOR, sealed));
    } catch {
      return null;
    }
  }

  private async makeFirst(): Promise<{ kid: string; key: KeyObject }> {
    await this.database.separately(async () => {
      await this.repository.lockFirstStart();
      if (!this.signerOf(await this.read())) await this.make(0);
    });
    return this.signerOf(await this.read())!;
  }

  private async make(aheadMs: number): Promise<string> {
    const now = this.clock.now();
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = publicKey.export({ format: 'jwk' });
    const kid = thumbprint(jwk);
    const sealed = this.keyring.seal(SEALED_FOR, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    await this.repository.insertSigningKey({
      kid,
      publicKey: jwk,
      sealedPrivateKey: sealed,
      createdAt: now,
      signsFrom: new Date(now.getTime() + aheadMs),
    });
    return kid;
  }
}

function toPublicJwk(kid: string, { kty, crv, x, y }: JsonWebKey): PublicJwk {
  return { kty: kty!, crv: crv!, x: x!, y: y!, kid, use: 'sig', alg: TOKEN_ALGORITHM };
}

/** RFC 7638. */
function thumbprint({ crv, kty, x, y }: JsonWebKey): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
