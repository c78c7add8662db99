import { Injectable } from '@nestjs/common';
import { type SecurityActor, SecurityLog } from '@app/events';
import type { Origin } from '@app/kernel';
import { Keyring } from '@app/platform';
import { canonicalEmail, type User } from '@app/users';
import { type AttemptSource } from './domain/attempt-source.js';

const SIGNED_FOR = 'security-log';
/** Subject of an API key or a portal session that does not exist. */
const NO_ONE = '00000000-0000-0000-0000-000000000000';

/** An API key as a rejected request named it; `id` null: no such key. */
export interface NamedApiKey {
  id: string | null;
  publicId: string;
  productId: string | null;
}

/** Records authentications in the security log: successful, failed and suspicious ones. Never a secret. */
@Injectable()
export class AuthenticationRecord {
  constructor(
    private readonly log: SecurityLog,
    private readonly keyring: Keyring,
  ) {}

  /** A user logged in. */
  loggedIn({ id, customerId }: User, { address, requestId }: Origin): void {
    this.log.note({
      type: 'login.succeeded',
      subject: { type: 'user', id },
      customerId,
      actor: { kind: 'user', id, origin: { address, requestId } },
    });
  }

  /**
   * A password was not accepted. Without an account the subject is a reference of the e-mail address: equal for equal
   * addresses, and not the address itself. The work is the same in both cases, so that response times are too.
   */
  loginFailed(email: string, user: User | null, reason: string, source: AttemptSource): void {
    const account = this.accountRef(email);
    this.log.note({
      type: 'login.failed',
      subject: user ? { type: 'user', id: user.id } : { type: 'account_reference', id: account },
      customerId: user?.customerId ?? null,
      actor: anonymous(source),
      reason,
      details: { account },
    });
  }

  /** The provider signed a user in, and the service refused it. Without an account the subject is a reference. */
  singleSignOnRefused(
    { issuer, subject }: { issuer: string; subject: string },
    user: User | null,
    reason: string,
    origin: Origin,
  ): void {
    const account = this.reference(JSON.stringify([issuer, subject]));
    this.log.note({
      type: 'single_sign_on.refused',
      subject: user ? { type: 'user', id: user.id } : { type: 'account_reference', id: account },
      customerId: user?.customerId ?? null,
      actor: anonymous(origin),
      reason,
      details: { account },
    });
  }

  /** A code of the second factor was not accepted. */
  secondFactorFailed({ id, customerId }: User, reason: string, origin: Origin): void {
    this.log.note({
      type: 'second_factor.failed',
      subject: { type: 'user', id },
      customerId,
      actor: anonymous(origin),
      reason,
    });
  }

  /** A rotated refresh token came back: its session was revoked. */
  refreshTokenReused(userId: string, sessionId: string, origin: Origin): void {
    this.log.note({
      type: 'refresh_token.reused',
      subject: { type: 'user', id: userId },
      actor: anonymous(origin),
      reason: 'session_revoked',
      details: { session: sessionId },
    });
  }

  /** A request carried an API key that does not exist, is revoked or expired, or has another secret. */
  apiKeyRejected({ id, publicId, productId }: NamedApiKey, reason: string, origin: Origin): void {
    this.log.note({
      type: 'api_key.rejected',
      subject: { type: 'api_key', id: id ?? NO_ONE },
      productId,
      actor: anonymous(origin),
      reason,
      details: { prefix: `tg_${publicId}` },
    });
  }

  /** The link of a portal session was not accepted; null: no session has it. */
  portalLinkRejected(
    link: { id: string; customerId: string; productId: string } | null,
    reason: string,
    origin: Origin,
  ): void {
    this.log.note({
      type: 'portal_link.rejected',
      subject: { type: 'portal_session', id: link?.id ?? NO_ONE },
      customerId: link?.customerId ?? null,
      productId: link?.productId ?? null,
      actor: anonymous(origin),
      reason,
    });
  }

  /** Erases the personal data of a user from the security log. Needs a transaction. */
  erase({ id, email }: User): Promise<void> {
    return this.log.erase(id, this.accountRef(email));
  }

  private accountRef(email: string): string {
    return this.reference(canonicalEmail(email));
  }

  /** A UUIDv8 (RFC 9562) of a keyed hash of a text. */
  private reference(text: string): string {
    const bytes = this.keyring.sign(SIGNED_FOR, text).subarray(0, 16);
    bytes[6] = (bytes[6]! & 0x0f) | 0x80;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
}

const anonymous = ({ address, requestId }: Origin): SecurityActor => ({
  kind: 'anonymous',
  id: null,
  origin: { address, requestId },
});
