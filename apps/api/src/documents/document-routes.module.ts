import { Module } from '@nestjs/common';
import { BillingModule } from '@app/billing';
import { DocumentsController } from './documents.controller.js';

@Module({ imports: [BillingModule], controllers: [DocumentsController] })
export class DocumentRoutesModule {}
