import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { publicEventTypes } from '@app/events';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { createCall } from '../support/app.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { ACCESS, NO_API } from './access-table.js';

const addFormats = formats as unknown as (ajv: Ajv2020) => void;
const root = path.resolve(import.meta.dirname, '../..');
/** Operations with responses in another format than JSON. */
const MEDIA_TYPES: Record<string, string> = {
  'GET /v1/users/me/export': 'application/x-ndjson',
  'GET /v1/audit-log/export': 'application/x-ndjson',
  'GET /v1/events/stream': 'text/event-stream',
  'GET /v1/invoices/export': 'text/csv',
  'GET /v1/payments/export': 'text/csv',
  'GET /v1/invoices/:id.pdf': 'application/pdf',
  'GET /v1/invoices/:id.xml': 'application/xml',
  'GET /v1/credit-notes/:id.pdf': 'application/pdf',
  'GET /v1/credit-notes/:id.xml': 'application/xml',
  'GET /metrics': 'text/plain',
};

const CREDENTIALS = [{ bearer: [] }, { password: [] }, { apiKey: [] }];
/** Credentials of an operation, by `public` of its access rule. `{}`: it also admits callers without credentials. */
const SECURITY: Record<string, object[]> = {
  undefined: CREDENTIALS,
  true: [],
  optional: [{}, ...CREDENTIALS],
};

/** Use of a generated client that must compile. */
const USE = `
import { consume, putCustomer } from './client/index.js';

export async function use(): Promise<boolean | undefined> {
  const { data: customer } = await putCustomer({ path: { customer: 'acme' }, body: { product: 'api', region: 'DE' } });
  // @ts-expect-error: a request has documented fields only.
  await consume({ body: { customer: 'acme', feature: 'api_calls', amount: 1 } });
  const { data: decision } = await consume({ body: { customer: customer?.key, feature: 'api_calls' } });
  return decision?.allowed;
}
`;
const STRICT = {
  strict: true,
  noEmit: true,
  target: 'ES2022',
  module: 'ESNext',
  moduleResolution: 'Bundler',
  lib: ['ES2022', 'DOM', 'DOM.Iterable'],
  types: [],
};

interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
}

interface Operation {
  operationId?: string;
  summary?: string;
  tags?: string[];
  security?: object[];
  parameters?: { name: string; in: string; schema?: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

/** Parameters and fields that name an object which exists already. */
const PARAMETERS = ['id', 'key', 'customer', 'endpoint', 'testClock'];
const FIELDS = ['customer', 'testClock'];

/** True when a schema, or the items of an array in it, has a field that names an object. */
function namesObject(schema: Schema | undefined, schemas: Record<string, Schema>): boolean {
  const resolved = schema?.$ref ? schemas[schema.$ref.split('/').at(-1)!] : schema;
  return Object.entries(resolved?.properties ?? {}).some(
    ([name, property]) => FIELDS.includes(name) || namesObject(property.items, schemas),
  );
}

/** The document of the built service: the build adds the annotations. */
describe('the OpenAPI document', () => {
  let service: ServiceProcess;
  let database: TestDatabase;
  let folder: string;
  let document: {
    openapi: string;
    webhooks: Record<string, { post: Operation }>;
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, object> };
  };
  let operations: [string, Operation][];

  beforeAll(async () => {
    database = await createTestDatabase();
    folder = temporaryFolder();
    service = await startProcess(folder, { DATABASE_URL: database.url, WORKER: 'off' });
    document = (await createCall(service.url)('GET', '/openapi.json')).body;
    operations = Object.entries(document.paths).flatMap(([at, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, Operation] => [
        `${method.toUpperCase()} ${at.replace(/\{(\w+)\}/g, ':$1')}`,
        operation,
      ]),
    );
  }, 60_000);
  afterAll(async () => {
    await service.stop('SIGTERM');
    await database.drop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('is compressed and has one ETag, at the first request and at the next, which gets 304 for it', async () => {
    const read = (headers = {}) => fetch(`${service.url}/openapi.yaml`, { headers });
    const [first, next] = [await read(), await read()];
    for (const answer of [first, next]) {
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-encoding': 'gzip',
        'cache-control': 'public, max-age=300',
        etag: first.headers.get('etag'),
      });
      expect(await answer.text()).toMatch(/^openapi: 3\.1/);
    }
    const known = await read({ 'if-none-match': first.headers.get('etag')! });
    expect([known.status, await known.text()]).toEqual([304, '']);
  });

  it('contains every route and no other', () => {
    expect(operations.map(([route]) => route).sort()).toEqual(
      Object.keys(ACCESS)
        .filter((route) => !NO_API.includes(route))
        .sort(),
    );
  });

  it('has no operation with the id or key of an object that the access table has no answer for', () => {
    const missing = operations.filter(
      ([route, { parameters = [], requestBody }]) =>
        ACCESS[route]!.others === undefined &&
        (parameters.some(({ name }) => PARAMETERS.includes(name)) ||
          namesObject(requestBody?.content['application/json']?.schema, document.components.schemas)),
    );
    expect(missing.map(([route]) => route)).toEqual([]);
  });

  it('names, tags and summarises every operation and states who may call it', () => {
    expect(new Set(operations.map(([, { operationId }]) => operationId)).size).toBe(operations.length);
    for (const [route, { operationId, summary, tags, security }] of operations) {
      expect([route, operationId, summary, tags]).toEqual([
        route,
        expect.stringMatching(/^[a-z][A-Za-z]+$/),
        expect.stringMatching(/.{8,}/),
        [expect.any(String)],
      ]);
      expect([route, security]).toEqual([route, SECURITY[String(ACCESS[route]!.public)]]);
    }
  });

  it('describes every response and every error', () => {
    for (const [route, { responses }] of operations) {
      const answers = Object.entries(responses).filter(([status]) => status.startsWith('2'));
      expect([route, answers.length]).toEqual([route, expect.any(Number)]);
      for (const [status, { content }] of answers)
        expect([route, status, content?.[MEDIA_TYPES[route] ?? 'application/json']?.schema !== undefined]).toEqual([
          route,
          status,
          status !== '204',
        ]);
      const expected = ['400', '422', '429', '500', '503', ...(ACCESS[route]!.public ? [] : ['401', '403'])];
      expect([route, Object.keys(responses)]).toEqual([route, expect.arrayContaining(expected)]);
    }
  });

  it('describes every parameter and every request body', () => {
    for (const [route, { parameters = [], requestBody }] of operations) {
      for (const [, name] of route.matchAll(/:(\w+)/g))
        expect([route, parameters.map((parameter) => parameter.name)]).toEqual([route, expect.arrayContaining([name])]);
      for (const parameter of parameters)
        expect([route, parameter.name, parameter.schema]).toEqual([route, parameter.name, expect.any(Object)]);
      if (/^(POST|PUT|PATCH)/.test(route)) expect([route, requestBody !== undefined]).toEqual([route, true]);
    }
    const empty = Object.entries(document.components.schemas).filter(
      ([, schema]) => Object.keys((schema as { properties?: object }).properties ?? {}).length === 0,
    );
    expect(empty.map(([name]) => name)).toEqual(['EmptyDto']);
  });

  it('generates a client that compiles', () => {
    const file = path.join(folder, 'openapi.json');
    fs.writeFileSync(file, JSON.stringify(document));
    execFileSync(
      process.execPath,
      [
        path.join(root, 'node_modules/openapi-typescript/bin/cli.js'),
        file,
        '--default-non-nullable=false',
        '-o',
        path.join(folder, 'client.ts'),
      ],
      { stdio: 'pipe' },
    );
    const types = fs.readFileSync(path.join(folder, 'client.ts'), 'utf8');
    for (const name of ['consume', 'check', 'putCustomer', 'DecisionDto', 'ProblemDto', 'SubscriptionDto'])
      expect(types).toContain(name);
    const kept = fs.readFileSync(path.join(root, 'clients/typescript/src/schema.ts'), 'utf8');
    // When this fails, run `npm run client`: it generates the types of the client from this document.
    expect(kept === types).toBe(true);
    const [, decision] = /DecisionDto: \{([\s\S]*?)\n {8}\};/.exec(types)!;
    expect(decision).toMatch(/allowed: boolean;/);
    expect(decision).toMatch(/limit\?: number \| null;/);
  }, 30_000);

  it('generates a client of a second generator that compiles', () => {
    const at = path.join(folder, 'second');
    fs.mkdirSync(at);
    fs.writeFileSync(path.join(at, 'openapi.json'), JSON.stringify(document));
    fs.writeFileSync(path.join(at, 'use.ts'), USE);
    fs.writeFileSync(path.join(at, 'tsconfig.json'), JSON.stringify({ compilerOptions: STRICT }));
    const run = (script: string, ...options: string[]): { status: number | null; output: string } => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [path.join(root, 'node_modules', script), ...options],
        { cwd: at, encoding: 'utf8' },
      );
      return { status, output: status === 0 ? '' : stdout + stderr };
    };
    const done = { status: 0, output: '' };
    expect(run('@hey-api/openapi-ts/bin/run.js', '-i', './openapi.json', '-o', './client')).toEqual(done);
    expect(run('typescript/bin/tsc', '-p', '.')).toEqual(done);
  }, 120_000);

  it('is the document that the lint and the tests of the API read', () => {
    const built: unknown = JSON.parse(fs.readFileSync(path.join(root, 'dist/openapi.json'), 'utf8'));
    expect(document).toEqual(built);
  });

  it('contains every published event with an example and is valid OpenAPI 3.1', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.webhooks).sort()).toEqual(publicEventTypes().sort());
    const ajv = new Ajv2020({ strict: false });
    addFormats(ajv);
    const check = ajv.compile({ $ref: '#/components/schemas/WebhookMessage', components: document.components });
    for (const [type, { post }] of Object.entries(document.webhooks)) {
      const { example } = post.requestBody!.content['application/json'] as unknown as { example: object };
      expect([type, check(example), check.errors]).toEqual([type, true, null]);
    }
    expect(JSON.stringify(document)).not.toContain('"nullable"');
  });

  it('offers the OAuth 2 password form on its page', () => {
    const { securitySchemes } = document.components as { securitySchemes?: Record<string, object> };
    expect(securitySchemes).toMatchObject({
      password: { type: 'oauth2', flows: { password: { tokenUrl: '/v1/auth/token' } } },
      bearer: { type: 'http' },
      apiKey: { type: 'apiKey' },
    });
  });

  it('is shown on a page at /docs', async () => {
    const { status, body } = await createCall(service.url)('GET', '/docs');
    expect(status).toBe(200);
    expect(body).toContain('swagger-ui');
  });
});
