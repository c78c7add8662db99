import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EntitlementsService } from './entitlements.service.js';
import { GrantsRepository } from './grants.repository.js';
import { GrantsService } from './grants.service.js';
import { EntitlementSnapshotsRepository } from './entitlement-snapshots.repository.js';
import { EntitlementSnapshots } from './entitlement-snapshots.service.js';
import { OverridesRepository } from './overrides.repository.js';
import { OverridesService } from './overrides.service.js';

@Module({
  imports: [CatalogModule, CustomersModule],
  providers: [
    EntitlementSnapshotsRepository,
    EntitlementSnapshots,
    EntitlementsService,
    OverridesRepository,
    OverridesService,
    GrantsRepository,
    GrantsService,
  ],
  exports: [EntitlementSnapshots, EntitlementsService, OverridesService, GrantsService],
})
export class EntitlementsModule {}
