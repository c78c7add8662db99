import { Injectable } from '@nestjs/common';
import { Events } from '@app/events';
import { type Actor, Clock } from '@app/kernel';
import type { User } from '@app/users';
import type { OidcIdentity } from './oidc-claims.js';
import { type IdentityView, OidcRepository } from './oidc.repository.js';

/** Identities: which account at the provider belongs to which user. */
@Injectable()
export class IdentitiesService {
  constructor(
    private readonly repository: OidcRepository,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /**
   * The id of the user with this identity, null for a first login. Concurrent logins of an identity wait for each
   * other. Needs a transaction.
   *
   * @example const userId = await identities.claim(identity);
   */
  async claim(identity: OidcIdentity): Promise<string | null> {
    await this.repository.lock(identity);
    return this.repository.touch(identity, this.clock.now());
  }

  /**
   * Links an identity to a user. Needs a transaction.
   *
   * @returns false when the user has another identity of the issuer
   * @example const linked = await identities.link(identity, user, actor);
   */
  async link(identity: OidcIdentity, { id, customerId }: User, actor: Actor): Promise<boolean> {
    if (!(await this.repository.insert(identity, id, this.clock.now()))) return false;
    const subject = { type: 'user', id } as const;
    const after = { issuer: identity.issuer };
    await this.events.record({ type: 'identity.linked', subject, customerId, productId: null, actor, after });
    return true;
  }

  /** Identities of a user. @example await identities.listOf(userId) */
  listOf(userId: string): Promise<IdentityView[]> {
    return this.repository.listOf(userId);
  }

  /** Erases the identities of a user. Needs a transaction. @example await identities.erase(user.id); */
  erase(userId: string): Promise<void> {
    return this.repository.erase(userId);
  }
}
