import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Keyring } from '@app/platform';
import type { StoredSecrets } from './webhook-endpoints.repository.js';
import { SECRET_PREFIX } from './webhook-signature.js';

const SEALED_FOR = 'webhook-secret';
/** Standard Webhooks, "Signature scheme": between 24 and 64. */
const SECRET_BYTES = 32;
const OPENED_MOST = 10_000;

/** What requests are signed with: told once, kept sealed. */
@Injectable()
export class WebhookSecrets {
  /** Secrets that were unsealed, by what they were sealed as. */
  private readonly opened = new Map<string, string>();

  constructor(private readonly keyring: Keyring) {}

  draw(): { secret: string; sealed: Buffer } {
    const secret = `${SECRET_PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;
    return { secret, sealed: this.keyring.seal(SEALED_FOR, secret) };
  }

  /** The secret, and the one before while both sign. */
  inForce({ secret, previousSecret, previousSecretUntil }: StoredSecrets, at: Date): string[] {
    const previous = previousSecret && previousSecretUntil! > at ? [previousSecret] : [];
    return [secret, ...previous].map((sealed) => this.open(sealed));
  }

  private open(sealed: Buffer): string {
    const name = sealed.toString('base64');
    let secret = this.opened.get(name);
    if (secret === undefined) {
      if (this.opened.size >= OPENED_MOST) this.opened.clear();
      secret = this.keyring.open(SEALED_FOR, sealed);
      this.opened.set(name, secret);
    }
    return secret;
  }
}
