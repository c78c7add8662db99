import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AccountsModule } from '@app/accounts';
import { AuthModule } from '@app/auth';
import { CatalogModule } from '@app/catalog';
import { UsersModule } from '@app/users';
import { WebhooksModule } from '@app/webhooks';
import { SubscriptionRoutesModule } from '../subscriptions/subscription-routes.module.js';
import { ExportAccountOperation } from './export-account.operation.js';
import { MeController } from './me.controller.js';
import { PermissionsController } from './permissions.controller.js';
import { PermissionsOperation } from './permissions.operation.js';
import { UserPresenter } from './user-presenter.js';
import { UsersController } from './users.controller.js';

@Module({
  imports: [
    AccountsModule,
    AuthModule,
    CatalogModule,
    DiscoveryModule,
    UsersModule,
    WebhooksModule,
    SubscriptionRoutesModule,
  ],
  // `me` before `:id`.
  controllers: [PermissionsController, MeController, UsersController],
  providers: [UserPresenter, ExportAccountOperation, PermissionsOperation],
})
export class UserRoutesModule {}
