import type { CounterChange } from './counters.repository.js';
import type { StoredCounter } from './meter-reading.js';

/** True when an update of the row changes no column besides `used`, `hardLimit`, `included` and `windowEnd`. */
export const addsOnlyUsed = (change: Omit<CounterChange, 'onlyUsed'>, stored: StoredCounter): boolean =>
  change.reserved === 0 &&
  change.fromGrants === 0 &&
  !change.closed &&
  change.windowName === stored.windowName &&
  change.carried === stored.carried &&
  change.notified === stored.notified;
