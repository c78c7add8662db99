import { Module } from '@nestjs/common';
import { AccountsModule } from '@app/accounts';
import { AuthModule } from '@app/auth';
import { CustomersModule } from '@app/customers';
import { MeteringModule } from '@app/metering';
import { ApiKeysController } from './api-keys.controller.js';
import { RevokeApiKeyOperation } from './revoke-api-key.operation.js';
import { RotateApiKeyOperation } from './rotate-api-key.operation.js';

@Module({
  imports: [AccountsModule, AuthModule, MeteringModule, CustomersModule],
  controllers: [ApiKeysController],
  providers: [RotateApiKeyOperation, RevokeApiKeyOperation],
})
export class ApiKeyRoutesModule {}
