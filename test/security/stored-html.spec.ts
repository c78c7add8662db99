import * as fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DocumentRequests, Place } from '../api/document-requests.js';
import { documentWorld } from '../api/document-world.js';
import { type ApiResponse, type Call, createCall } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { inParallel } from '../support/fixtures.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';

const MARKUP = `<img src=x onerror=alert(1)>"'</script><script>alert(2)</script>`;
const CONCURRENCY = 4;
/** Routes that end the session or the account of their caller. */
const ENDS_SESSION = /\/v1\/auth\/logout|\/v1\/users\/me\/(deactivate|delete)/;
/** Media types that no browser renders as HTML when sniffing is off. */
const INERT =
  /^(application\/(problem\+)?json|application\/x-ndjson|text\/csv|text\/event-stream|text\/plain|application\/pdf)\b/;

describe('stored HTML', () => {
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
    call = async (method, at, { body } = {}): Promise<ApiResponse> => {
      const response = await fetch(service.url + at, {
        method,
        redirect: 'manual',
        headers: {
          authorization: `Bearer ${world.token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: JSON.stringify(body),
      });
      const isStream = response.headers.get('content-type') === 'text/event-stream';
      if (isStream) await response.body?.cancel();
      return { status: response.status, headers: response.headers, body: isStream ? '' : await response.text() };
    };
  }, 60_000);
  afterAll(async () => {
    await service.stop('SIGTERM');
    await database.drop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  /** Names an answer that a browser could render as a document. Empty answers have no type. */
  const rendered = (label: string, { headers, body }: ApiResponse): string[] => {
    const type = headers.get('content-type') ?? '';
    const isInert = body === '' || (INERT.test(type) && headers.get('x-content-type-options') === 'nosniff');
    return isInert ? [] : [`${label}: ${type}`];
  };
  const isText = ({ schema, route }: Place) => [schema.type].flat().includes('string') && !ENDS_SESSION.test(route);

  it('of any text field comes back as JSON, text or a file, never as a document', async () => {
    const places = requests.places.filter(isText);
    const found: string[] = [];
    await inParallel(places.length, CONCURRENCY, async (index) => {
      const place = places[index]!;
      found.push(...rendered(`${place.route} ${place.path.join('.')}`, await requests.send(call, place, MARKUP)));
    });
    const withMarkup: string[] = [];
    for (const route of requests.routes.filter((one) => one.startsWith('GET '))) {
      const { method, query } = requests.sample(route);
      const answer = await call(method, `${requests.pathOf(route)}?${query}`);
      found.push(...rendered(route, answer));
      if (JSON.stringify(answer.body).includes('<img')) withMarkup.push(route);
    }
    expect(found).toEqual([]);
    expect(withMarkup).toEqual(
      expect.arrayContaining(['GET /v1/users', 'GET /v1/api-keys', 'GET /v1/products', 'GET /v1/add-ons']),
    );
  }, 120_000);
});
