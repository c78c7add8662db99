import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { DeliveriesModule } from '@app/deliveries';
import { NotificationsModule } from '@app/notifications';
import { SubscriptionsModule } from '@app/subscriptions';
import { UsersModule } from '@app/users';
import { WebhooksModule } from '@app/webhooks';
import { AccessTokens } from './access-tokens.js';
import { AccountMailsRepository } from './account-mails.repository.js';
import { AccountMailsService } from './account-mails.service.js';
import { PersonalDataEraser } from './personal-data-eraser.js';
import { AccountsService } from './accounts.service.js';
import { ApiKeysService } from './api-keys.service.js';
import { ApiKeyEntity, RefreshTokenEntity, SessionEntity, SigningKeyEntity } from './auth.entities.js';
import { AuthHousekeeping } from './auth-housekeeping.js';
import { AuthRepository } from './auth.repository.js';
import { AuthService } from './auth.service.js';
import { CredentialsService } from './credentials.service.js';
import { KeyUse } from './key-use.js';
import { LoginAttemptsRepository } from './login-attempts.repository.js';
import { LoginAttemptsService } from './login-attempts.service.js';
import { Passwords } from './passwords.js';
import { ProfileService } from './profile.service.js';
import { SessionsService } from './sessions.service.js';
import { SigningKeys } from './signing-keys.js';

/** What other modules may ask for. */
const OFFERED = [
  SigningKeys,
  AccessTokens,
  SessionsService,
  ApiKeysService,
  AuthService,
  CredentialsService,
  AccountsService,
  AccountMailsService,
  AuthHousekeeping,
  ProfileService,
];

@Module({
  imports: [
    TypeOrmModule.forFeature([SessionEntity, RefreshTokenEntity, SigningKeyEntity, ApiKeyEntity]),
    JwtModule.register({}),
    CatalogModule,
    CustomersModule,
    SubscriptionsModule,
    UsersModule,
    DeliveriesModule,
    WebhooksModule,
    NotificationsModule,
  ],
  providers: [
    ...OFFERED,
    AuthRepository,
    AccountMailsRepository,
    PersonalDataEraser,
    LoginAttemptsRepository,
    LoginAttemptsService,
    KeyUse,
    Passwords,
  ],
  exports: OFFERED,
})
export class AuthModule {}
