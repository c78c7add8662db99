import './customers.events.js';

export { CUSTOMER_COLUMNS, customerFromRow, type CustomerRow } from './customer.entity.js';
export { CustomerTime } from './customer-time.js';
export { CustomersModule } from './customers.module.js';
export { CustomersService, type NewCustomer } from './customers.service.js';
export type { Customer, CustomerProfile } from './domain/customer.js';
export type { TestClock } from './test-clocks.repository.js';
export { TestClocksService } from './test-clocks.service.js';
