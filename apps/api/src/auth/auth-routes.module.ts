import { Module } from '@nestjs/common';
import { AccountsModule } from '@app/accounts';
import { AuthModule } from '@app/auth';
import { SubscriptionRoutesModule } from '../subscriptions/subscription-routes.module.js';
import { AuthController } from './auth.controller.js';
import { CredentialsController } from './credentials.controller.js';
import { JwksController } from './jwks.controller.js';

@Module({
  imports: [AccountsModule, AuthModule, SubscriptionRoutesModule],
  controllers: [AuthController, CredentialsController, JwksController],
})
export class AuthRoutesModule {}
