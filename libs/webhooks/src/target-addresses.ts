import { Injectable } from '@nestjs/common';
import { SecurityLog } from '@app/events';
import { type Actor, invalidField, SYSTEM_ACTOR } from '@app/kernel';
import { AddressPolicy, RefusedAddress } from './address-policy.js';
import type { WebhookTarget } from './webhook-endpoints.repository.js';

/** Longest host name that is recorded (RFC 1035). */
const MAX_HOST = 253;

/** Vets URLs of endpoints, and records blocked ones in the security log: the host only, as paths contain secrets. */
@Injectable()
export class TargetAddresses {
  constructor(
    private readonly policy: AddressPolicy,
    private readonly log: SecurityLog,
  ) {}

  /** @throws DomainError `invalid_fields` when the URL leads to a forbidden address, or its name to none */
  async assertAllowed(url: URL, field: string, actor: Actor): Promise<void> {
    await this.policy.vetted(url).catch((error: unknown) => {
      if (!(error instanceof RefusedAddress)) throw invalidField(field, 'has a host name that cannot be resolved');
      this.log.note({
        type: 'webhook_address.blocked',
        subject: { type: actor.kind, id: actor.id! },
        actor,
        reason: error.code,
        details: detailsOf(url),
      });
      throw invalidField(field, error.message);
    });
  }

  /** Records that a message was not sent, because the name of its endpoint leads to a forbidden address now. */
  blockedWhenSent({ id, url, customerId, productId }: WebhookTarget, refused: RefusedAddress): void {
    this.log.note({
      type: 'webhook_address.blocked',
      subject: { type: 'webhook_endpoint', id },
      customerId,
      productId,
      actor: SYSTEM_ACTOR,
      reason: refused.code,
      details: detailsOf(new URL(url)),
    });
  }
}

const detailsOf = ({ protocol, hostname }: URL): Record<string, string> => ({
  protocol: protocol.replace(':', ''),
  host: hostname.slice(0, MAX_HOST),
});
