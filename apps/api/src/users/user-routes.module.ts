import { Module } from '@nestjs/common';
import { AccountsModule } from '@app/accounts';
import { AuthModule } from '@app/auth';
import { CatalogModule } from '@app/catalog';
import { UsersModule } from '@app/users';
import { WebhooksModule } from '@app/webhooks';
import { SubscriptionRoutesModule } from '../subscriptions/subscription-routes.module.js';
import { ExportAccountOperation } from './export-account.operation.js';
import { MeController } from './me.controller.js';
import { UserPresenter } from './user-presenter.js';
import { UsersController } from './users.controller.js';

@Module({
  imports: [AccountsModule, AuthModule, CatalogModule, UsersModule, WebhooksModule, SubscriptionRoutesModule],
  // `me` before `:id`.
  controllers: [MeController, UsersController],
  providers: [UserPresenter, ExportAccountOperation],
})
export class UserRoutesModule {}
