import { Injectable } from '@nestjs/common';
import { ProfileService } from '@app/accounts';
import { actorOf, ApiKeysService, type ApiKeyWithSecret, type UserPrincipal } from '@app/auth';
import { OWN_PRODUCT } from '@app/catalog';
import { MeteringService } from '@app/metering';
import { Database } from '@app/platform';
import { refuseDenied } from '../http/plan-limit/plan-limit.js';

/** Makes a key in the place of one. The unit that it holds goes from its former owner to whoever asks, in one transaction. */
@Injectable()
export class RotateApiKeyOperation {
  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly profiles: ProfileService,
    private readonly metering: MeteringService,
    private readonly database: Database,
  ) {}

  /** @throws DomainError `api_key_not_found`, `api_key_replaced`, `limit_reached` */
  run(id: string, overlapSeconds: number, principal: UserPrincipal): Promise<ApiKeyWithSecret> {
    return this.database.transaction(async () => {
      const { formerOwnerUserId, ...told } = await this.apiKeys.rotate(id, overlapSeconds, principal);
      if (formerOwnerUserId !== principal.userId) await this.moveUnit(formerOwnerUserId, principal);
      return told;
    });
  }

  private async moveUnit(formerOwnerUserId: string, principal: UserPrincipal): Promise<void> {
    const unit = { product: OWN_PRODUCT, feature: 'api_keys', quantity: 1, actor: actorOf(principal) };
    await this.metering.returnUnits({ ...unit, customer: (await this.profiles.get(formerOwnerUserId)).customer });
    refuseDenied(
      (await this.metering.consume({ ...unit, customer: (await this.profiles.get(principal.userId)).customer })).answer,
    );
  }
}
