// Comes with jest, which does not export it.
import Sequencer from '@jest/test-sequencer';

/** The slowest files, the slowest first. They start first, so that none of them runs alone at the end. */
const SLOWEST = [
  'security/security',
  'client/package',
  'faults/crash',
  'faults/payments',
  'docs/curls',
  'faults/dispatcher',
  'faults/sign-up',
  'faults/restore',
  'security/webhooks',
  'races/lifecycle',
  'races/history',
  'events/stream',
  'security/limits',
  'races/consume',
  'platform/seed',
  'races/metering',
  'faults/worker',
  'operation/caches',
  'platform/next-schema',
  'auth/keys',
  'metering/usage-rollups',
  'metering/reservations',
  'lifecycle/model',
  'operation/shutdown',
  'faults/client-service',
  'api/openapi',
];

const rankOf = ({ path }) => {
  const rank = SLOWEST.findIndex((name) => path.endsWith(`/test/${name}.spec.ts`));
  return rank === -1 ? SLOWEST.length : rank;
};

/** Jest's order (by earlier runs, otherwise by file size), after the slowest files. */
export default class extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((one, other) => rankOf(one) - rankOf(other));
  }
}
