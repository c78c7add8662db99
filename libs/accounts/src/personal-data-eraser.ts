import { Injectable } from '@nestjs/common';
import { CredentialsService } from '@app/auth';
import type { Actor } from '@app/kernel';
import { NotificationsService } from '@app/notifications';
import type { User } from '@app/users';
import { WebhookEndpointsService } from '@app/webhooks';

/** What was kept for the sake of a person, and goes with them. */
@Injectable()
export class PersonalDataEraser {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly notifications: NotificationsService,
    private readonly endpoints: WebhookEndpointsService,
  ) {}

  /** Needs a transaction. */
  async erase(user: User, actor: Actor): Promise<void> {
    await this.credentials.erase(user);
    await this.notifications.erase(user.id);
    await this.endpoints.erase(user.customerId, user.id, actor);
  }
}
