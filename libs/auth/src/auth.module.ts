import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { DeliveriesModule } from '@app/deliveries';
import { UsersModule } from '@app/users';
import { AccessTokens } from './access-tokens.js';
import { AccountMailsRepository } from './account-mails.repository.js';
import { AccountMailsService } from './account-mails.service.js';
import { ApiKeysService } from './api-keys.service.js';
import { ApiKeyEntity, RefreshTokenEntity, SessionEntity, SigningKeyEntity } from './auth.entities.js';
import { AuthenticationRecord } from './authentication-record.js';
import { AuthHousekeeping } from './auth-housekeeping.js';
import { AuthRepository } from './auth.repository.js';
import { CredentialsService } from './credentials.service.js';
import { KeyUse } from './key-use.js';
import { LoginChallenges } from './login-challenges.js';
import { LoginAttemptsRepository } from './login-attempts.repository.js';
import { LoginAttemptsService } from './login-attempts.service.js';
import { LoginService } from './login.service.js';
import { IdentitiesService } from './oidc/identities.service.js';
import { OidcLogins } from './oidc/oidc-logins.js';
import { OidcProvider } from './oidc/oidc-provider.js';
import { OidcRepository } from './oidc/oidc.repository.js';
import { Passwords } from './passwords.js';
import { PortalSessionsRepository } from './portal-sessions.repository.js';
import { PortalSessionsService } from './portal-sessions.service.js';
import { RememberedTokens } from './remembered-tokens.js';
import { SecondFactorCodes } from './second-factor-codes.js';
import { SecondFactorsRepository } from './second-factors.repository.js';
import { SecondFactorsService } from './second-factors.service.js';
import { SessionsService } from './sessions.service.js';
import { SigningKeys } from './signing-keys.js';

/** Providers that other modules may inject. */
const EXPORTED = [
  SigningKeys,
  AccessTokens,
  RememberedTokens,
  SessionsService,
  ApiKeysService,
  PortalSessionsService,
  LoginService,
  OidcLogins,
  IdentitiesService,
  AuthenticationRecord,
  Passwords,
  CredentialsService,
  SecondFactorsService,
  AccountMailsService,
  AuthHousekeeping,
];

@Module({
  imports: [
    TypeOrmModule.forFeature([SessionEntity, RefreshTokenEntity, SigningKeyEntity, ApiKeyEntity]),
    JwtModule.register({}),
    CatalogModule,
    CustomersModule,
    UsersModule,
    DeliveriesModule,
  ],
  providers: [
    ...EXPORTED,
    AuthRepository,
    AccountMailsRepository,
    PortalSessionsRepository,
    LoginAttemptsRepository,
    LoginAttemptsService,
    LoginChallenges,
    SecondFactorCodes,
    SecondFactorsRepository,
    OidcProvider,
    OidcRepository,
    KeyUse,
  ],
  exports: EXPORTED,
})
export class AuthModule {}
