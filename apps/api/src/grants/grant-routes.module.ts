import { Module } from '@nestjs/common';
import { EntitlementsModule } from '@app/entitlements';
import { MeteringModule } from '@app/metering';
import { GrantsController } from './grants.controller.js';

@Module({ imports: [EntitlementsModule, MeteringModule], controllers: [GrantsController] })
export class GrantRoutesModule {}
