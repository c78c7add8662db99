import { Module } from '@nestjs/common';
import { MeteringModule } from '@app/metering';
import { ListEntitlementsOperation } from './list-entitlements.operation.js';
import { EntitlementsController } from './entitlements.controller.js';

@Module({ imports: [MeteringModule], controllers: [EntitlementsController], providers: [ListEntitlementsOperation] })
export class EntitlementRoutesModule {}
