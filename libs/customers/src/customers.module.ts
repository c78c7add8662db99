import { Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventKeys } from '@app/events';
import { CustomerEntity } from './customer.entity.js';
import { CustomersRepository } from './customers.repository.js';
import { CustomerTime } from './customer-time.js';
import { CustomersService } from './customers.service.js';
import { TestClocksRepository } from './test-clocks.repository.js';
import { TestClocksService } from './test-clocks.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([CustomerEntity])],
  providers: [CustomersRepository, CustomersService, CustomerTime, TestClocksRepository, TestClocksService],
  exports: [CustomersService, CustomerTime, TestClocksService],
})
export class CustomersModule implements OnModuleInit {
  constructor(
    private readonly keys: EventKeys,
    private readonly customers: CustomersService,
  ) {}

  onModuleInit(): void {
    this.keys.register('customer', (ids) => this.customers.keysOf(ids));
  }
}
