import { Module } from '@nestjs/common';
import { AuthModule } from '@app/auth';
import { UsersModule } from '@app/users';
import { AuditController } from './audit.controller.js';
import { ReadAuditOperation } from './read-audit.operation.js';

@Module({ imports: [AuthModule, UsersModule], controllers: [AuditController], providers: [ReadAuditOperation] })
export class AuditRoutesModule {}
