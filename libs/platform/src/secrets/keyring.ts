import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Signs and encrypts with keys derived from SECRET_KEY, one key per purpose (HKDF, RFC 5869). */
@Injectable()
export class Keyring {
  private readonly derived = new Map<string, Buffer>();

  constructor(private readonly config: Config) {}

  /**
   * Returns the HMAC-SHA-256 of a text.
   * @example const signature = keyring.sign('cursor', text).toString('base64url');
   */
  sign(purpose: string, text: string): Buffer {
    return createHmac('sha256', this.key(purpose)).update(text).digest();
  }

  /**
   * Encrypts and authenticates a text (AES-256-GCM): nonce, tag and ciphertext in one buffer.
   * @example const sealed = keyring.seal('webhook-secret', secret);
   */
  seal(purpose: string, text: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.key(purpose), nonce);
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]);
  }

  /**
   * Decrypts a sealed text.
   * @throws Error when it was sealed with another SECRET_KEY or purpose, or was changed
   * @example const secret = keyring.open('webhook-secret', sealed);
   */
  open(purpose: string, sealed: Buffer): string {
    const decipher = createDecipheriv(CIPHER, this.key(purpose), sealed.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString(
      'utf8',
    );
  }

  private key(purpose: string): Buffer {
    let key = this.derived.get(purpose);
    if (!key) {
      key = Buffer.from(hkdfSync('sha256', this.config.secretKey, 'tollgate', purpose, 32));
      this.derived.set(purpose, key);
    }
    return key;
  }
}
