import { Module } from '@nestjs/common';
import { AccountsModule } from '@app/accounts';
import { AuthModule } from '@app/auth';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EntitlementsModule } from '@app/entitlements';
import { MeteringModule } from '@app/metering';
import { NotificationsModule } from '@app/notifications';
import { SubscriptionsModule } from '@app/subscriptions';
import { UsersModule } from '@app/users';
import { WebhooksModule } from '@app/webhooks';
import { SubscriptionRoutesModule } from '../subscriptions/subscription-routes.module.js';
import { AccountRecords } from './account-records.js';
import { ExportAccountOperation } from './export-account.operation.js';
import { MeController } from './me.controller.js';
import { UserPresenter } from './user-presenter.js';
import { UsersController } from './users.controller.js';

@Module({
  imports: [
    AccountsModule,
    AuthModule,
    CatalogModule,
    CustomersModule,
    EntitlementsModule,
    MeteringModule,
    NotificationsModule,
    SubscriptionsModule,
    UsersModule,
    WebhooksModule,
    SubscriptionRoutesModule,
  ],
  // `me` before `:id`.
  controllers: [MeController, UsersController],
  providers: [UserPresenter, ExportAccountOperation, AccountRecords],
})
export class UserRoutesModule {}
