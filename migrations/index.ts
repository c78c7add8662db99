import { FirstSchema1700000000000 } from './1700000000000-first-schema.js';

/** Every migration, oldest first. */
export const migrations = [FirstSchema1700000000000];
