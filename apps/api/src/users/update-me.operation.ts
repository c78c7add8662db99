import { Injectable } from '@nestjs/common';
import { type Profile, ProfileService } from '@app/accounts';
import { actorOf, type UserPrincipal } from '@app/auth';
import { Database } from '@app/platform';
import { WebhookEndpointsService } from '@app/webhooks';
import type { UpdateMeDto } from './dto/user.dto.js';

/** Changes an account, its customer and where its owner is called, in one transaction. */
@Injectable()
export class UpdateMeOperation {
  constructor(
    private readonly profiles: ProfileService,
    private readonly endpoints: WebhookEndpointsService,
    private readonly database: Database,
  ) {}

  /** @throws DomainError `invalid_fields` */
  async run(
    principal: UserPrincipal,
    { webhookUrl, mailEnabled, mutedMails, language, name, region, deviceType, timezone }: UpdateMeDto,
  ): Promise<Profile> {
    const topics = mutedMails && [...new Set(mutedMails)];
    // Names are resolved before anything is held.
    const url = webhookUrl && (await this.endpoints.urlForProfile(webhookUrl));
    return this.database.transaction(async () => {
      const profile = await this.profiles.update(
        principal,
        { name, mailEnabled, mutedMails: topics, language },
        { name, region, deviceType, timezone },
      );
      if (url !== undefined)
        await this.endpoints.setOfProfile(principal.customerId, principal.userId, url, actorOf(principal));
      return profile;
    });
  }
}
