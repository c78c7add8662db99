import { Module } from '@nestjs/common';
import { MeteringModule } from '@app/metering';
import { StandingOperation } from './standing.operation.js';
import { EntitlementsController } from './entitlements.controller.js';

@Module({ imports: [MeteringModule], controllers: [EntitlementsController], providers: [StandingOperation] })
export class EntitlementRoutesModule {}
