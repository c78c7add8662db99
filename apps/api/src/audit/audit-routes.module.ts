import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { ReadAuditOperation } from './read-audit.operation.js';

@Module({ controllers: [AuditController], providers: [ReadAuditOperation] })
export class AuditRoutesModule {}
