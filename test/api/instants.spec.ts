import * as fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseInstant } from '@app/kernel';
import { INSTANT_CASES } from '../conformance/instant-cases.js';
import { type Call, createCall } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { inParallel } from '../support/fixtures.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';
import { type DocumentRequests, type Place } from './document-requests.js';
import { documentWorld } from './document-world.js';

const CONCURRENCY = 8;
/** Names of fields that hold an instant. */
const TIME_NAME = /^(at|from|to|now|since|until|before|anchor|[a-z]+At|[a-z]+Anchor)$/;
const labelOf = ({ route, path }: Place): string => `${route} ${path.join('.')}`;

describe('the parser of times', () => {
  it.each(INSTANT_CASES)('parseInstant returns $instant for $why', ({ text, instant }) => {
    expect(parseInstant(text)?.toISOString() ?? null).toBe(instant);
  });
});

describe('times in requests', () => {
  let service: ServiceProcess;
  let database: TestDatabase;
  let folder: string;
  let requests: DocumentRequests;
  let call: Call;
  let instants: Place[];

  beforeAll(async () => {
    database = await createTestDatabase();
    folder = temporaryFolder();
    service = await startProcess(folder, { DATABASE_URL: database.url, WORKER: 'off', ...documentWorld.environment });
    ({ requests, call } = await documentWorld(createCall(service.url)));
    instants = requests.places.filter(({ schema }) => schema.format === 'date-time');
  }, 60_000);
  afterAll(async () => {
    await service.stop('SIGTERM');
    await database.drop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('the OpenAPI document declares every field with a name of a time as date-time', () => {
    const places = requests.places.filter(({ path, schema }) => TIME_NAME.test(path.at(-1)!) && !schema.enum);
    expect(places.filter(({ schema }) => schema.format !== 'date-time').map(labelOf)).toEqual([]);
    expect(instants.length).toBeGreaterThanOrEqual(30);
  });

  it('every field and query parameter of type date-time follows the table of cases', async () => {
    const wrong: unknown[] = [];
    const attempts = instants.flatMap((place) => INSTANT_CASES.map((one) => ({ place, ...one })));
    await inParallel(attempts.length, CONCURRENCY, async (index) => {
      const { place, text, instant } = attempts[index]!;
      const { status, body } = await requests.send(call, place, text);
      const errors = (body?.errors ?? []) as { field: string; message: string }[];
      const isRefused = errors.some(
        ({ field, message }) => field === place.path.join('.') && message.includes('RFC 3339'),
      );
      if (status >= 500 || isRefused !== (instant === null) || (isRefused && status !== 422))
        wrong.push([labelOf(place), text, status, body?.code, errors]);
    });
    expect(wrong).toEqual([]);
  }, 120_000);

  it('a time of a request is answered in UTC with milliseconds', async () => {
    const { body } = await call('POST', '/v1/test-clocks', { body: { now: '2026-03-08t04:30:00.5+02:00' } });
    expect(body.now).toBe('2026-03-08T02:30:00.500Z');
  });
});
