import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
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
export class CustomersModule {}
