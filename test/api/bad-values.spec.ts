import * as fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, createCall } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { inParallel, registerUser } from '../support/fixtures.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';
import { DocumentRequests, type Place } from './document-requests.js';
import { documentWorld } from './document-world.js';

const CONCURRENCY = 8;
/** Routes that end the session or the account of their caller: each request gets its own. */
const ENDS_SESSION = /\/v1\/auth\/logout|\/v1\/users\/me\/(deactivate|delete)/;
const VALUES: unknown[] = [
  null,
  '',
  ' ',
  0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53 - 1,
  1e300,
  true,
  [],
  [null],
  [[]],
  {},
  { a: 1 },
  'x'.repeat(3_000),
  '..',
  '%',
  "' or 1=1 --",
  '\\',
  '\u{1F600}',
  '\u0000',
  'constructor',
  '__proto__',
  'NaN',
  '9'.repeat(40),
  '2026-W01',
];
const IN_PATH = ['%00', '%20', '%2e', '%2F', '%25', '%E0%A4%A', '%ff', 'x'.repeat(1_500), '__proto__', '%F0%9F%98%80'];

describe('bad values', () => {
  let service: ServiceProcess;
  let database: TestDatabase;
  let folder: string;
  let requests: DocumentRequests;
  let call: Call;

  beforeAll(async () => {
    database = await createTestDatabase();
    folder = temporaryFolder();
    service = await startProcess(folder, { DATABASE_URL: database.url, WORKER: 'off', ...documentWorld.environment });
    ({ requests, call } = await documentWorld(createCall(service.url)));
  }, 60_000);
  afterAll(async () => {
    await service.stop('SIGTERM');
    await database.drop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('no value of any body field or query parameter answers 500', async () => {
    const attempts = requests.places.flatMap((place) => VALUES.map((value) => ({ place, value })));
    const failed: unknown[] = [];
    await inParallel(attempts.length, CONCURRENCY, async (index) => {
      const { place, value } = attempts[index]!;
      const caller = ENDS_SESSION.test(place.route)
        ? (await registerUser({ call: createCall(service.url) })).call
        : call;
      const { status, body } = await requests.send(caller, place, value);
      if (isFault(status)) failed.push([labelOf(place), value, status, body?.code ?? body]);
    });
    expect(failed).toEqual([]);
    expect((await call('GET', '/v1/users/me')).status).toBe(200);
  }, 300_000);

  it('no value of any path parameter answers 500', async () => {
    const attempts = requests.routes.flatMap((route) =>
      [...route.matchAll(/\{\w+\}/g)].flatMap(({ index }) => IN_PATH.map((value) => ({ route, index, value }))),
    );
    const failed: unknown[] = [];
    await inParallel(attempts.length, CONCURRENCY, async (at) => {
      const { route, index, value } = attempts[at]!;
      const start = route.slice(0, index);
      const path =
        requests.pathOf(start) +
        value +
        route
          .slice(index)
          .replace(/^\{\w+\}/, '')
          .replace(/\{\w+\}/g, 'x');
      const { method, query, body } = requests.sample(route);
      const answer = await call(method, query.size > 0 ? `${path}?${query}` : path, { body });
      if (isFault(answer.status)) failed.push([route, value, answer.status, answer.body?.code ?? answer.body]);
    });
    expect(failed).toEqual([]);
  }, 120_000);

  it.each(['null', '[]', '"text"', '1', 'true', '[null]', '{"__proto__":1}', ''])(
    'the body %s answers no 500 on any route',
    async (body) => {
      const failed: unknown[] = [];
      const withBody = requests.routes.filter((route) => /^(POST|PUT|PATCH)/.test(route) && !ENDS_SESSION.test(route));
      await inParallel(withBody.length, CONCURRENCY, async (index) => {
        const route = withBody[index]!;
        const answer = await call(route.split(' ')[0]!, requests.pathOf(route), { body });
        if (isFault(answer.status)) failed.push([route, answer.status, answer.body?.code ?? answer.body]);
      });
      expect(failed).toEqual([]);
    },
  );
});

const labelOf = ({ route, in: where, path }: Place): string => `${route} ${where} ${path.join('.')}`;

/** A refusal of an overloaded or interrupted machine is no fault. */
const isFault = (status: number): boolean => status >= 500 && status !== 503;
