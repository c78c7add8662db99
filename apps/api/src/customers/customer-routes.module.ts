import { Module } from '@nestjs/common';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { SubscriptionsModule } from '@app/subscriptions';
import { UsersModule } from '@app/users';
import { SubscriptionRoutesModule } from '../subscriptions/subscription-routes.module.js';
import { CustomersController } from './customers.controller.js';
import { DeleteCustomerOperation } from './delete-customer.operation.js';
import { PutCustomerOperation } from './put-customer.operation.js';

@Module({
  imports: [CustomersModule, SubscriptionsModule, CatalogModule, UsersModule, SubscriptionRoutesModule],
  controllers: [CustomersController],
  providers: [PutCustomerOperation, DeleteCustomerOperation],
})
export class CustomerRoutesModule {}
