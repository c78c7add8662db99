import { Module } from '@nestjs/common';
import { AuthModule } from '@app/auth';
import { CatalogModule } from '@app/catalog';
import { PortalController } from './portal.controller.js';

@Module({ imports: [AuthModule, CatalogModule], controllers: [PortalController] })
export class PortalModule {}
