import { Module } from '@nestjs/common';
import { MeteringModule } from '@app/metering';
import { EntitlementsController } from './entitlements.controller.js';

@Module({ imports: [MeteringModule], controllers: [EntitlementsController] })
export class EntitlementRoutesModule {}
