export { cancel, resume } from './cancel.js';
export { type Change, change } from './change-plan.js';
export { extend } from './extend.js';
export { pause, unpause } from './pause.js';
export type { When } from './preconditions.js';
export { markPaid, markPastDue } from './record-payment.js';
export { renew, setAutoRenew } from './renew.js';
export { type NewSubscription, start } from './start.js';
