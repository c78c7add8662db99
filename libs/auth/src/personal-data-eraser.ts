import { Injectable } from '@nestjs/common';
import type { Actor } from '@app/kernel';
import { NotificationsService } from '@app/notifications';
import type { User } from '@app/users';
import { WebhookEndpointsService } from '@app/webhooks';
import { AccountMailsService } from './account-mails.service.js';
import { LoginAttemptsService } from './login-attempts.service.js';

/** What was kept for the sake of a person, and goes with them. */
@Injectable()
export class PersonalDataEraser {
  constructor(
    private readonly mails: AccountMailsService,
    private readonly attempts: LoginAttemptsService,
    private readonly notifications: NotificationsService,
    private readonly endpoints: WebhookEndpointsService,
  ) {}

  /** Needs a transaction. */
  async erase(user: User, actor: Actor): Promise<void> {
    await this.mails.erase(user);
    await this.attempts.erase(user.email);
    await this.notifications.erase(user.id);
    await this.endpoints.erase(user.customerId, user.id, actor);
  }
}
