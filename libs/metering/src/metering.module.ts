import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CatalogModule } from '@app/catalog';
import { EntitlementsModule } from '@app/entitlements';
import { MeteringService } from './metering.service.js';
import { UsageCounterEntity, UsageLedgerEntity } from './usage.entities.js';
import { UsageRepository } from './usage.repository.js';

@Module({
  imports: [TypeOrmModule.forFeature([UsageCounterEntity, UsageLedgerEntity]), CatalogModule, EntitlementsModule],
  providers: [UsageRepository, MeteringService],
  exports: [MeteringService],
})
export class MeteringModule {}
