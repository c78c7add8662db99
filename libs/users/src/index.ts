import './users.events.js';

export {
  canonicalEmail,
  isEmail,
  type Language,
  LANGUAGES,
  MAIL_TOPICS,
  type MailTopic,
  type Role,
  ROLES,
  type RoleAndStatus,
  type User,
} from './domain/user.js';
export { UsersModule } from './users.module.js';
export { type NewUser, type OwnChanges, UsersService } from './users.service.js';
