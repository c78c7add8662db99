import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EntitlementsService } from './entitlements.service.js';
import { GrantsRepository } from './grants.repository.js';
import { GrantsService } from './grants.service.js';
import { HoldersRepository } from './holders.repository.js';
import { HoldersService } from './holders.service.js';
import { OverridesRepository } from './overrides.repository.js';
import { OverridesService } from './overrides.service.js';

@Module({
  imports: [CatalogModule, CustomersModule],
  providers: [
    HoldersRepository,
    HoldersService,
    EntitlementsService,
    OverridesRepository,
    OverridesService,
    GrantsRepository,
    GrantsService,
  ],
  exports: [HoldersService, EntitlementsService, OverridesService, GrantsService],
})
export class EntitlementsModule {}
