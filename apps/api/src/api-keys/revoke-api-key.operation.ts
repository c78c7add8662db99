import { Injectable } from '@nestjs/common';
import { ProfileService } from '@app/accounts';
import { actorOf, ApiKeysService, type UserPrincipal } from '@app/auth';
import { OWN_PRODUCT } from '@app/catalog';
import { MeteringService } from '@app/metering';
import { Database } from '@app/platform';

/** Ends a key and gives its unit back to whoever held it, in one transaction. */
@Injectable()
export class RevokeApiKeyOperation {
  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly profiles: ProfileService,
    private readonly metering: MeteringService,
    private readonly database: Database,
  ) {}

  /** @throws DomainError `api_key_not_found` */
  async run(id: string, principal: UserPrincipal): Promise<void> {
    await this.database.transaction(async () => {
      const { ownerUserId, replaced } = await this.apiKeys.revoke(id, principal);
      // The unit went on to the key that took its place.
      if (replaced) return;
      const { customer } = await this.profiles.get(ownerUserId);
      await this.metering.returnUnits({
        customer,
        product: OWN_PRODUCT,
        feature: 'api_keys',
        quantity: 1,
        actor: actorOf(principal),
      });
    });
  }
}
