export { AccountsModule } from './accounts.module.js';
export { AccountsService } from './accounts.service.js';
export { type Profile, ProfileService } from './profile.service.js';
export { type Registered, RegistrationService } from './registration.service.js';
