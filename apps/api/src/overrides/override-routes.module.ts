import { Module } from '@nestjs/common';
import { EntitlementsModule } from '@app/entitlements';
import { OverridesController } from './overrides.controller.js';

@Module({ imports: [EntitlementsModule], controllers: [OverridesController] })
export class OverrideRoutesModule {}
