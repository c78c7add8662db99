export { CustomersModule } from './customers.module.js';
export { CustomersService, type NewCustomer } from './customers.service.js';
export type { Customer, CustomerProfile } from './domain/customer.js';
