import { Module } from '@nestjs/common';
import { BillingModule } from '@app/billing';
import { SandboxController } from './sandbox.controller.js';

@Module({ imports: [BillingModule], controllers: [SandboxController] })
export class SandboxRoutesModule {}
