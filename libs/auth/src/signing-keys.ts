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
/** TTL of the cached list, in ms: within it a withdrawn key stops verifying on every instance. */
const TTL_MS = 1_000;
/** An unknown key id causes a new read, at most once in this time (ms). */
const COOLDOWN_MS = 100;
/** Time between publication of a key and its first signature, in ms, so that every verifier has read it by then. */
const PUBLISHED_AHEAD_MS = 5 * 60_000;
/** Time for which a key verifies after its successor started to sign, in ms: by then its last token has expired. */
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

interface KeySet {
  /** Newest first. */
  rows: SigningKeyEntity[];
  verifying: Map<string, { key: KeyObject; jwk: PublicJwk }>;
  readAt: number;
}

/** Keys that sign access tokens: sealed in the database, one signs at a time, rotated without an interruption. */
@Injectable()
export class SigningKeys {
  private readonly logger = new Logger('SigningKeys');
  private readonly opened = new Map<string, KeyObject | null>();
  private latest: KeySet | null = null;
  private reading: Promise<KeySet> | null = null;

  constructor(
    private readonly repository: AuthRepository,
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * The key that signs now; created when there is none.
   *
   * @example const { kid, key } = await keys.current();
   */
  async current(): Promise<{ kid: string; key: KeyObject }> {
    return this.signerOf(await this.keySet(TTL_MS)) ?? this.createFirst();
  }

  /**
   * The public key with this id; null when it is unknown. Keys are read from the database only, never from an address
   * in a token.
   *
   * @example const key = await keys.verificationKey(header.kid);
   */
  async verificationKey(kid: string): Promise<KeyObject | null> {
    const { verifying } = await this.keySet(TTL_MS);
    return (verifying.get(kid) ?? (await this.keySet(COOLDOWN_MS)).verifying.get(kid))?.key ?? null;
  }

  /**
   * True when a list of keys that is at most 1 s old has this one. Does not wait; false may also mean that the list is
   * older.
   *
   * @example const key = keys.isKnownToVerify(kid) || (await keys.verificationKey(kid));
   */
  isKnownToVerify(kid: string): boolean {
    return this.freshKeySet(TTL_MS)?.verifying.has(kid) ?? false;
  }

  /**
   * Public keys for other verifiers (RFC 7517): the signing one, the next one, and those with unexpired tokens.
   *
   * @example const jwks = { keys: await keys.publicKeys() };
   */
  async publicKeys(): Promise<PublicJwk[]> {
    await this.current();
    return [...(await this.keySet(TTL_MS)).verifying.values()].map(({ jwk }) => jwk);
  }

  /**
   * Creates a key that starts to sign in 5 minutes. The old key verifies until its last token has expired.
   *
   * @param options.immediately withdraws all other keys and so every access token; refresh tokens stay valid
   * @returns the id of the new key
   * @example const kid = await keys.rotate({ immediately: true });
   */
  async rotate({ immediately = false } = {}): Promise<string> {
    const kid = await this.database.transaction(async () => {
      await this.repository.lockFirstStart();
      const created = await this.create(immediately ? 0 : PUBLISHED_AHEAD_MS);
      if (immediately) await this.repository.deleteSigningKeysBut([created]);
      return created;
    });
    this.latest = null;
    this.logger.log(
      immediately ? `Signing key ${kid} replaced all others.` : `Signing key ${kid} starts to sign in 5 minutes.`,
    );
    return kid;
  }

  /**
   * Rotates when the newest key has reached `SIGNING_KEY_DAYS`, and deletes keys whose last token has expired. Any
   * number of workers may run it.
   *
   * @example await keys.rotateWhenDue();
   */
  async rotateWhenDue(): Promise<void> {
    await this.database.transaction(async () => {
      await this.repository.lockFirstStart();
      const now = this.clock.now().getTime();
      const [newest] = await this.repository.signingKeys();
      if (newest && now - newest.signsFrom.getTime() >= this.config.signingKeyDays * DAY_MS)
        this.logger.log(`Signing key ${await this.create(PUBLISHED_AHEAD_MS)} starts to sign in 5 minutes.`);
      const rows = await this.repository.signingKeys();
      const kept = rows.filter(
        (_, index) => index === 0 || rows[index - 1]!.signsFrom.getTime() + VERIFIES_AFTER_MS > now,
      );
      if (kept.length < rows.length) await this.repository.deleteSigningKeysBut(kept.map(({ kid }) => kid));
    });
  }

  /** The keys, read at most `maxAgeMs` ago. Concurrent callers share one read. */
  private async keySet(maxAgeMs: number): Promise<KeySet> {
    const fresh = this.freshKeySet(maxAgeMs);
    if (fresh) return fresh;
    this.reading ??= this.read().finally(() => (this.reading = null));
    return this.reading;
  }

  private freshKeySet(maxAgeMs: number): KeySet | null {
    return this.latest && performance.now() - this.latest.readAt < maxAgeMs ? this.latest : null;
  }

  private async read(): Promise<KeySet> {
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

  private signerOf({ rows }: KeySet): { kid: string; key: KeyObject } | null {
    const now = this.clock.now();
    for (const row of rows) {
      const key = row.signsFrom <= now ? this.open(row) : null;
      if (key) return { kid: row.kid, key };
    }
    return null;
  }

  /** null when the key was sealed under another SECRET_KEY: it verifies its tokens, but signs no more. */
  private open({ kid, sealedPrivateKey }: SigningKeyEntity): KeyObject | null {
    if (!this.opened.has(kid)) {
      const key = this.unseal(sealedPrivateKey);
      this.opened.set(kid, key);
      if (!key)
        this.logger.error(
          `Signing key ${kid} was sealed under another SECRET_KEY. If SECRET_KEY was not changed on purpose, stop this instance: other sealed data cannot be read either.`,
        );
    }
    return this.opened.get(kid)!;
  }

  private unseal(sealed: Buffer): KeyObject | null {
    try {
      return createPrivateKey(this.keyring.open(SEALED_FOR, sealed));
    } catch {
      return null;
    }
  }

  private async createFirst(): Promise<{ kid: string; key: KeyObject }> {
    await this.database.inSeparateTransaction(async () => {
      await this.repository.lockFirstStart();
      if (!this.signerOf(await this.read())) await this.create(0);
    });
    return this.signerOf(await this.read())!;
  }

  private async create(aheadMs: number): Promise<string> {
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
