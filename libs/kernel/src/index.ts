export * from './actor.js';
export * from './calendar.js';
export * from './clock.js';
export * from './errors.js';
export * from './grouped.js';
export * from './ids.js';
export * from './money.js';
export * from './page.js';
