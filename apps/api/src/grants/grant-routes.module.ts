import { Module } from '@nestjs/common';
import { EntitlementsModule } from '@app/entitlements';
import { GrantsController } from './grants.controller.js';

@Module({ imports: [EntitlementsModule], controllers: [GrantsController] })
export class GrantRoutesModule {}
