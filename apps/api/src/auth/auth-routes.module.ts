import { Module } from '@nestjs/common';
import { AccountsModule } from '@app/accounts';
import { AuthModule } from '@app/auth';
import { SubscriptionRoutesModule } from '../subscriptions/subscription-routes.module.js';
import { AuthController } from './auth.controller.js';
import { BrowserGuard } from './browser.guard.js';
import { BrowserSessionsController } from './browser-sessions.controller.js';
import { CredentialsController } from './credentials.controller.js';
import { JwksController } from './jwks.controller.js';
import { SecondFactorController } from './second-factor.controller.js';
import { SignInMethodsController } from './sign-in-methods.controller.js';
import { OidcController } from './oidc.controller.js';
import { OidcRedirects } from './oidc-redirects.js';
import { RefreshCookie } from './refresh-cookie.js';

@Module({
  imports: [AccountsModule, AuthModule, SubscriptionRoutesModule],
  controllers: [
    AuthController,
    BrowserSessionsController,
    CredentialsController,
    JwksController,
    SecondFactorController,
    OidcController,
    SignInMethodsController,
  ],
  providers: [BrowserGuard, RefreshCookie, OidcRedirects],
})
export class AuthRoutesModule {}
