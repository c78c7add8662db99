import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { AuditController } from './audit.controller.js';
import { ReadAuditOperation } from './read-audit.operation.js';

@Module({ imports: [CatalogModule, CustomersModule], controllers: [AuditController], providers: [ReadAuditOperation] })
export class AuditRoutesModule {}
