import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUTHORIZATION } from './authorization-cases.js';
import { HTTP } from './http-cases.js';
import { INJECTION } from './injection-cases.js';
import { PASSWORDS } from './password-cases.js';
import { PORTAL } from './portal-cases.js';
import { PROVIDER_SETTINGS, PROVIDER_WEBHOOKS } from './provider-webhook-cases.js';
import { TOKENS } from './token-cases.js';
import { VALUES } from './value-cases.js';
import { buildWorld, type SecurityCase, type World } from './world.js';

const GROUPS: [string, SecurityCase[]][] = [
  ['authorization', AUTHORIZATION],
  ['authentication', [...TOKENS, ...PASSWORDS]],
  ['input', [...VALUES, ...INJECTION]],
  ['HTTP', HTTP],
  ['provider webhooks', PROVIDER_WEBHOOKS],
  ['portal', PORTAL],
];

/** Rows with cases in other files: limits.spec.ts, and timing.mjs, which needs an idle machine. */
const ELSEWHERE = ['S-58', 'S-59', 'S-33', 'S-3B'];
const ROWS = [
  ...['01', '02', '03', '05', '06', '07', '09', '10', '11', '13', '14', '15', '17', '18', '19'],
  ...['21', '22', '23', '25', '26', '27', '29', '30', '31', '33', '34', '35', '37', '38', '39', '3B', '3C', '3D', '3F'],
  ...['40', '41', '43', '44', '45', '47', '48', '49', '4B', '4C', '4D', '4F', '4G', '4H', '4J', '4K', '4L'],
  ...['50', '51', '52', '54', '55', '56', '58', '59', '5A', '5C', '5D', '5E'],
  ...['71', '72', '73', '75', '76', '77'],
].map((row) => `S-${row}`);
/** Attacks on portal sessions. */
const PORTAL_ROWS = ['01', '02', '03', '04', '05', '06', '07'].map((row) => `P-${row}`);

let world: World;

beforeAll(async () => {
  world = await buildWorld(PROVIDER_SETTINGS);
}, 60_000);
afterAll(() => world.stop());

it('every row of the attack catalogue has a case', () => {
  expect([...GROUPS.flatMap(([, cases]) => cases.map(({ id }) => id)), ...ELSEWHERE].sort()).toEqual(
    [...ROWS, ...PORTAL_ROWS].sort(),
  );
});

describe.each(GROUPS)('%s', (_, cases) => {
  it.each(cases.map((one): [string, string, SecurityCase] => [one.id, one.title, one]))(
    '%s %s',
    async (_id, _title, { run }) => {
      await run(world);
      for (const service of world.services) expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    },
    120_000,
  );
});
