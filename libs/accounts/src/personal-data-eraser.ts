import { Injectable } from '@nestjs/common';
import { CredentialsService, IdentitiesService, SecondFactorsService } from '@app/auth';
import type { Actor } from '@app/kernel';
import { NotificationsService } from '@app/notifications';
import type { User } from '@app/users';
import { WebhookEndpointsService } from '@app/webhooks';
import { CustomerDataEraser } from './customer-data-eraser.js';

/**
 * Erases personal data that other libs keep about a user: mails, login attempts, the second factor, identities,
 * notifications, webhook endpoints, and the data of its customer.
 */
@Injectable()
export class PersonalDataEraser {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly secondFactors: SecondFactorsService,
    private readonly identities: IdentitiesService,
    private readonly notifications: NotificationsService,
    private readonly endpoints: WebhookEndpointsService,
    private readonly customerData: CustomerDataEraser,
  ) {}

  /** Needs a transaction. @param user as it was before its own row was erased */
  async erase(user: User, actor: Actor): Promise<void> {
    await this.credentials.erase(user);
    await this.secondFactors.erase(user.id);
    await this.identities.erase(user.id);
    await this.notifications.erase(user.id);
    await this.endpoints.erase(user.customerId, user.id, actor);
    await this.customerData.erase(user.customerId);
  }
}
