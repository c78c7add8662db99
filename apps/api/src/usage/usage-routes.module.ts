import { Module } from '@nestjs/common';
import { MeteringModule } from '@app/metering';
import { CheckOperation } from './check.operation.js';
import { UsageController } from './usage.controller.js';

@Module({ imports: [MeteringModule], controllers: [UsageController], providers: [CheckOperation] })
export class UsageRoutesModule {}
