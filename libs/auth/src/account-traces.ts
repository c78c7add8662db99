import { Injectable } from '@nestjs/common';
import type { Actor } from '@app/kernel';
import { NotificationsService } from '@app/notifications';
import type { User } from '@app/users';
import { WebhookEndpointsService } from '@app/webhooks';
import { AccountMailsService } from './account-mails.service.js';
import { LoginAttemptsService } from './login-attempts.service.js';

/** What was kept for the sake of a person, and goes with them. */
@Injectable()
export class AccountTraces {
  constructor(
    private readonly mails: AccountMailsService,
    private readonly attempts: LoginAttemptsService,
    private readonly notifications: NotificationsService,
    private readonly endpoints: WebhookEndpointsService,
  ) {}

  /** Needs a transaction. */
  async forget(user: User, actor: Actor): Promise<void> {
    await this.mails.forget(user);
    await this.attempts.forget(user.email);
    await this.notifications.forget(user.id);
    await this.endpoints.forget(user.customerId, user.id, actor);
  }
}
