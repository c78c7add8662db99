import { Module } from '@nestjs/common';
import { BillingModule } from '@app/billing';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { CreditBalanceController } from './credit-balance.controller.js';
import { CreditNotesController } from './credit-notes.controller.js';
import { CreditNotesOperation } from './credit-notes.operation.js';
import { ReadCreditBalanceOperation } from './read-credit-balance.operation.js';

@Module({
  imports: [BillingModule, CatalogModule, CustomersModule],
  controllers: [CreditBalanceController, CreditNotesController],
  providers: [CreditNotesOperation, ReadCreditBalanceOperation],
})
export class CreditNoteRoutesModule {}
