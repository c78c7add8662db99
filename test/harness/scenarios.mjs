import { scenarios as billing } from './scenarios/billing.mjs';
import { scenarios as boot } from './scenarios/boot.mjs';
import { scenarios as conservation } from './scenarios/conservation.mjs';
import { scenarios as databaseFaults } from './scenarios/database-faults.mjs';
import { scenarios as exactness } from './scenarios/exactness.mjs';
import { scenarios as exhaustion } from './scenarios/exhaustion.mjs';
import { scenarios as freshness } from './scenarios/freshness.mjs';
import { scenarios as kills } from './scenarios/kills.mjs';
import { scenarios as lostAcks } from './scenarios/lost-acks.mjs';
import { scenarios as outbox } from './scenarios/outbox.mjs';
import { scenarios as overload } from './scenarios/overload.mjs';
import { scenarios as planted } from './scenarios/planted.mjs';
import { scenarios as redis } from './scenarios/redis.mjs';
import { scenarios as restarts } from './scenarios/restarts.mjs';
import { scenarios as workers } from './scenarios/workers.mjs';

/** Scenarios of the test plan that are not implemented. */
export const EXCLUDED = 'T-26 (test/billing/payment-events.spec.ts covers it)';

const byId = (one, other) => one.id.localeCompare(other.id);

/** Every scenario: `{ id, title, run(world) }`, where `run` gives figures, or `{ skipped: why }`. */
export const SCENARIOS = [
  ...billing,
  ...boot,
  ...conservation,
  ...databaseFaults,
  ...exactness,
  ...exhaustion,
  ...freshness,
  ...kills,
  ...lostAcks,
  ...outbox,
  ...overload,
  ...planted,
  ...redis,
  ...restarts,
  ...workers,
].sort(byId);
