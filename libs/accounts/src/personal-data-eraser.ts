import { Injectable } from '@nestjs/common';
import { CredentialsService } from '@app/auth';
import type { Actor } from '@app/kernel';
import { UsageEntitiesService } from '@app/metering';
import { NotificationsService } from '@app/notifications';
import type { User } from '@app/users';
import { WebhookEndpointsService } from '@app/webhooks';

/**
 * Erases personal data that other libs keep about a user: mails, login attempts, notifications, webhook endpoints,
 * names of entities.
 */
@Injectable()
export class PersonalDataEraser {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly notifications: NotificationsService,
    private readonly endpoints: WebhookEndpointsService,
    private readonly usageEntities: UsageEntitiesService,
  ) {}

  /** Needs a transaction. @param user as it was before its own row was erased */
  async erase(user: User, actor: Actor): Promise<void> {
    await this.credentials.erase(user);
    await this.notifications.erase(user.id);
    await this.endpoints.erase(user.customerId, user.id, actor);
    await this.usageEntities.eraseNames(user.customerId);
  }
}
