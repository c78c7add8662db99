export { AccountDeletionService } from './account-deletion.service.js';
export { AccountExportService, type AccountRecord } from './account-export.service.js';
export { AccountsModule } from './accounts.module.js';
export { AccountsService, type RoleAndStatusChanges } from './accounts.service.js';
export { CustomerAccountsService, type PutCustomer, type PutCustomerResult } from './customer-accounts.service.js';
export { MeteredApiKeysService } from './metered-api-keys.service.js';
export { type Profile, type ProfileChanges, ProfileService } from './profile.service.js';
export { type Registered, type Registration, RegistrationService } from './registration.service.js';
export { TestClockDeletionService } from './test-clock-deletion.service.js';
