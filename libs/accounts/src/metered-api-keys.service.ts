import { Injectable } from '@nestjs/common';
import { actorOf, ApiKeysService, type ApiKeyWithSecret, type UserPrincipal } from '@app/auth';
import { OWN_PRODUCT } from '@app/catalog';
import { assertAllowed, MeteringService } from '@app/metering';
import { Database } from '@app/platform';
import { ProfileService } from './profile.service.js';

/** API keys that count against their owner's plan: each key in force takes one unit of the feature `api_keys`. */
@Injectable()
export class MeteredApiKeysService {
  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly profiles: ProfileService,
    private readonly metering: MeteringService,
    private readonly database: Database,
  ) {}

  /**
   * Creates a key in place of another, with the same rights and another secret. The caller becomes its owner:
   * the unit moves from the former owner to the caller, in the same transaction.
   *
   * @param overlapSeconds for how long the old key stays valid; 0: revoked immediately
   * @throws DomainError `api_key_not_found`, `api_key_replaced`, `limit_reached`, `feature_not_in_plan`
   * @example const { apiKey, key } = await apiKeys.rotate(id, 86_400, principal);
   */
  rotate(id: string, overlapSeconds: number, principal: UserPrincipal): Promise<ApiKeyWithSecret> {
    return this.database.transaction(async () => {
      const { formerOwnerUserId, ...created } = await this.apiKeys.rotate(id, overlapSeconds, principal);
      if (formerOwnerUserId !== principal.userId) await this.moveUnit(formerOwnerUserId, principal);
      return created;
    });
  }

  /**
   * Revokes a key immediately and returns its unit to its owner, in one transaction.
   *
   * @throws DomainError `api_key_not_found` when it does not exist or the caller may not see it
   * @example await apiKeys.revoke(id, principal);
   */
  async revoke(id: string, principal: UserPrincipal): Promise<void> {
    await this.database.transaction(async () => {
      const { ownerUserId, replaced } = await this.apiKeys.revoke(id, principal);
      // The successor of a rotated key has its unit.
      if (!replaced) await this.metering.returnUnits(await this.unitOf(ownerUserId, principal));
    });
  }

  private async moveUnit(formerOwnerUserId: string, principal: UserPrincipal): Promise<void> {
    await this.metering.returnUnits(await this.unitOf(formerOwnerUserId, principal));
    assertAllowed((await this.metering.consume(await this.unitOf(principal.userId, principal))).answer);
  }

  private async unitOf(userId: string, principal: UserPrincipal) {
    const { customer } = await this.profiles.get(userId);
    return { customer, product: OWN_PRODUCT, feature: 'api_keys', quantity: 1, actor: actorOf(principal) };
  }
}
