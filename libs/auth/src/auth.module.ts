import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { SubscriptionsModule } from '@app/subscriptions';
import { UsersModule } from '@app/users';
import { AccessTokens } from './access-tokens.js';
import { ApiKeysService } from './api-keys.service.js';
import { ApiKeyEntity, RefreshTokenEntity, SessionEntity, SigningKeyEntity } from './auth.entities.js';
import { AuthRepository } from './auth.repository.js';
import { AuthService } from './auth.service.js';
import { Passwords } from './passwords.js';
import { ProfileService } from './profile.service.js';
import { SessionsService } from './sessions.service.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([SessionEntity, RefreshTokenEntity, SigningKeyEntity, ApiKeyEntity]),
    JwtModule.register({}),
    CatalogModule,
    CustomersModule,
    SubscriptionsModule,
    UsersModule,
  ],
  providers: [AuthRepository, AccessTokens, Passwords, SessionsService, ApiKeysService, AuthService, ProfileService],
  exports: [AccessTokens, SessionsService, ApiKeysService, AuthService, ProfileService],
})
export class AuthModule {}
