import { FirstSchema1700000000000 } from './1700000000000-first-schema.js';
import { Metering1700000000001 } from './1700000000001-metering.js';

/** Every migration, oldest first. */
export const migrations = [FirstSchema1700000000000, Metering1700000000001];
