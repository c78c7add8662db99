import { Module } from '@nestjs/common';
import { AuthModule } from '@app/auth';
import { CustomersModule } from '@app/customers';
import { NotificationsModule } from '@app/notifications';
import { SubscriptionsModule } from '@app/subscriptions';
import { UsersModule } from '@app/users';
import { WebhooksModule } from '@app/webhooks';
import { AccountsService } from './accounts.service.js';
import { PersonalDataEraser } from './personal-data-eraser.js';
import { ProfileService } from './profile.service.js';
import { RegistrationService } from './registration.service.js';

/** Providers that the apps may inject. */
const EXPORTED = [RegistrationService, ProfileService, AccountsService];

@Module({
  imports: [AuthModule, CustomersModule, NotificationsModule, SubscriptionsModule, UsersModule, WebhooksModule],
  providers: [...EXPORTED, PersonalDataEraser],
  exports: EXPORTED,
})
export class AccountsModule {}
