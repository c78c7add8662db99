import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUTHENTICATION } from './authentication.cases.js';
import { AUTHORIZATION } from './authorization.cases.js';
import { buildWorld, type SecurityCase, type World } from './world.js';

const GROUPS: [string, SecurityCase[]][] = [
  ['what belongs to whom', AUTHORIZATION],
  ['who somebody is', AUTHENTICATION],
];

describe.each(GROUPS)('%s', (_, cases) => {
  let world: World;

  beforeAll(async () => {
    world = await buildWorld();
  }, 60_000);
  afterAll(() => world.stop());

  it.each(cases.map((one): [string, string, SecurityCase] => [one.id, one.title, one]))(
    '%s %s',
    async (_id, _title, { run }) => {
      await run(world);
      for (const service of world.services) expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    },
    120_000,
  );
});
