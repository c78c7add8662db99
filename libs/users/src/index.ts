export type { Role, User } from './domain/user.js';
export { UsersModule } from './users.module.js';
export { type OwnChanges, type Standing, UsersService } from './users.service.js';
