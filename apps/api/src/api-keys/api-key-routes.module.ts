import { Module } from '@nestjs/common';
import { AccountsModule } from '@app/accounts';
import { AuthModule } from '@app/auth';
import { CustomersModule } from '@app/customers';
import { MeteringModule } from '@app/metering';
import { ApiKeysController } from './api-keys.controller.js';

@Module({
  imports: [AccountsModule, AuthModule, MeteringModule, CustomersModule],
  controllers: [ApiKeysController],
})
export class ApiKeyRoutesModule {}
