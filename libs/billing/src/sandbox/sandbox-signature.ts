import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Keyring } from '@app/platform';
import { invalidSignature, readSignatureHeader } from '../webhook-signature.js';

const PURPOSE = 'sandbox-webhook';

/** Signs and verifies events of the sandbox provider, in the form of real providers: `t=<unix seconds>,v1=<hex>`. */
@Injectable()
export class SandboxSignature {
  constructor(
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  /** The header for a body. @example const signature = sandboxSignature.sign(JSON.stringify(event)); */
  sign(body: string, at = this.clock.now()): string {
    const timestamp = Math.floor(at.getTime() / 1_000);
    return `t=${timestamp},v1=${this.digest(timestamp, body).toString('hex')}`;
  }

  /** @throws DomainError `invalid_signature` */
  verify(body: Buffer, header: string | undefined): void {
    const { timestamp, signatures } = readSignatureHeader(header, this.clock.now());
    const expected = this.digest(timestamp, body.toString('utf8'));
    if (!signatures.some((one) => timingSafeEqual(Buffer.from(one, 'hex'), expected))) throw invalidSignature();
  }

  private digest(timestamp: number, body: string): Buffer {
    return this.keyring.sign(PURPOSE, `${timestamp}.${body}`);
  }
}
