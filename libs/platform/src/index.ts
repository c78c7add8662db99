export { Config, type LogLevel } from './config/config.js';
export { count, instant } from './database/columns.js';
export { Database } from './database/database.js';
export { isUnavailable, isUniqueViolation } from './database/database-errors.js';
export { Events, type NewEvent, type RecordedEvent } from './events/events.js';
export { startDatabase } from './database/start-database.js';
export { Idempotency, type StoredAnswer } from './idempotency/idempotency.js';
export { PlatformModule } from './platform.module.js';
export { Keyring } from './secrets/keyring.js';
