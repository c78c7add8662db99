import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Keyring } from '@app/platform';
import type { StoredSecrets } from './webhook-endpoints.repository.js';
import { SECRET_PREFIX } from './webhook-signature.js';

const SEALED_FOR = 'webhook-secret';
/** Standard Webhooks, "Signature scheme": between 24 and 64 bytes. */
const SECRET_BYTES = 32;
const MAX_CACHED = 10_000;

/** Signing secrets of endpoints: returned once, stored encrypted. */
@Injectable()
export class WebhookSecrets {
  /** Decrypted secrets by their encrypted form. */
  private readonly opened = new Map<string, string>();

  constructor(private readonly keyring: Keyring) {}

  /** Generates a secret. */
  draw(): { secret: string; sealed: Buffer } {
    const secret = `${SECRET_PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;
    return { secret, sealed: this.keyring.seal(SEALED_FOR, secret) };
  }

  /** The secrets to sign with: the current one, and during rotation the previous one too. */
  active({ secret, previousSecret, previousSecretUntil }: StoredSecrets, at: Date): string[] {
    const previous = previousSecret && previousSecretUntil! > at ? [previousSecret] : [];
    return [secret, ...previous].map((sealed) => this.open(sealed));
  }

  private open(sealed: Buffer): string {
    const name = sealed.toString('base64');
    let secret = this.opened.get(name);
    if (secret === undefined) {
      if (this.opened.size >= MAX_CACHED) this.opened.clear();
      secret = this.keyring.open(SEALED_FOR, sealed);
      this.opened.set(name, secret);
    }
    return secret;
  }
}
