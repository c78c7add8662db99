import * as fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiResponse, type Call, createCall } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { inParallel } from '../support/fixtures.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';
import type { DocumentRequests, Place } from './document-requests.js';
import { documentWorld } from './document-world.js';

const CONCURRENCY = 8;
/** Routes that end the session or the account of their caller, and with it the test. */
const ENDS_SESSION = /\/v1\/auth\/logout|\/v1\/users\/me\/(deactivate|delete)/;
const VALUES: unknown[] = [null, '', 1e300, [], [null], [[]], { a: 1 }, 'x'.repeat(3_000), '__proto__'];
const IN_PATH = ['%00', '%20', '%2e', '%2F', '%25', '%E0%A4%A', '%ff', 'x'.repeat(1_500), '__proto__', '%F0%9F%98%80'];

/** A call without the validation of answers, which would take most of the time here. */
const plainCall =
  (url: string, authorization: string): Call =>
  async (method, at, { body } = {}): Promise<ApiResponse> => {
    const headers = { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(url + at, { method, headers, body: text, redirect: 'manual' });
    const isStream = response.headers.get('content-type') === 'text/event-stream';
    if (isStream) await response.body?.cancel();
    const answer = isStream ? '' : await response.text();
    const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json');
    return { status: response.status, headers: response.headers, body: isProblem ? JSON.parse(answer) : answer };
  };

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
    const world = await documentWorld(createCall(service.url));
    requests = world.requests;
    call = plainCall(service.url, `Bearer ${world.token}`);
  }, 60_000);
  afterAll(async () => {
    await service.stop('SIGTERM');
    await database.drop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('no value of any body field or query parameter answers 500', async () => {
    const places = requests.places.filter(({ route }) => !ENDS_SESSION.test(route));
    const inQuery = [...new Map(VALUES.map((value) => [String(value), value])).values()];
    const attempts = places.flatMap((place) =>
      (place.in === 'query' ? inQuery : VALUES).map((value) => ({ place, value })),
    );
    const failed: unknown[] = [];
    await inParallel(attempts.length, CONCURRENCY, async (index) => {
      const { place, value } = attempts[index]!;
      const { status, body } = await requests.send(call, place, value);
      if (isFault(status)) failed.push([labelOf(place), value, status, body?.code ?? body]);
    });
    expect(failed).toEqual([]);
    expect((await call('GET', '/v1/users/me')).status).toBe(200);
  }, 300_000);

  it('no bad value was stored that a read cannot show', async () => {
    const failed: unknown[] = [];
    for (const route of requests.routes.filter((one) => one.startsWith('GET '))) {
      const { method, query } = requests.sample(route);
      const { status, body } = await call(method, `${requests.pathOf(route)}?${query}`);
      if (isFault(status)) failed.push([route, status, body?.code ?? body]);
    }
    expect(failed).toEqual([]);
  });

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
