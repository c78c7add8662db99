import * as fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Config } from '@app/platform';
import { type DocumentRequests } from '../api/document-requests.js';
import { documentWorld } from '../api/document-world.js';
import { type Call, createCall } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { uniqueName } from '../support/fixtures.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';
import {
  CATALOG_KEYS,
  CONTRACT_ROUTES,
  CUSTOMER_KEYS,
  DECISION_EXAMPLE,
  DENIAL_REASONS,
  ENVIRONMENT,
  ERRORS,
  PLAN_EXAMPLE,
  PLAN_FEATURES,
  ROLES,
  SCOPES,
  SUBSCRIPTION_STATUSES,
} from './contract-cases.js';

const ABSENT_ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const PAGE = { data: expect.any(Array), hasMore: expect.any(Boolean), nextCursor: null };

describe('the HTTP contract', () => {
  let service: ServiceProcess;
  let database: TestDatabase;
  let folder: string;
  let requests: DocumentRequests;
  let call: Call;
  /** A product with the features of the plan example. */
  const product = uniqueName('contract');

  beforeAll(async () => {
    database = await createTestDatabase();
    folder = temporaryFolder();
    service = await startProcess(folder, { DATABASE_URL: database.url, WORKER: 'off', ...documentWorld.environment });
    ({ requests, call } = await documentWorld(createCall(service.url)));
    await call('POST', '/v1/products', { body: { key: product, name: product } });
    for (const [key, type] of Object.entries(PLAN_FEATURES))
      await call('POST', '/v1/features', { body: { product, key, name: key, type } });
  }, 60_000);
  afterAll(async () => {
    await service.stop('SIGTERM');
    await database.drop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it.each(CONTRACT_ROUTES)('$route is in the OpenAPI document with its fields and its answer', (contract) => {
    const { route, fields = [], query = [], status = 200, answer = [] } = contract;
    const documented = requests.routes.find((one) => one.replace(/\{\w+\}/g, '{}') === route);
    expect([route, documented]).toEqual([route, expect.any(String)]);
    expect(requests.fieldsOf(documented!)).toEqual(expect.arrayContaining([...fields, ...query]));
    expect(requests.statusesOf(documented!)).toContain(String(status));
    expect(requests.answerOf(documented!, status)).toEqual(expect.arrayContaining(answer));
  });

  it('the OpenAPI document lists the statuses, reasons, scopes and roles', () => {
    const values = (schema: string, field: string) => requests.valuesOf(schema, field);
    expect(values('SubscriptionDto', 'status').sort()).toEqual([...SUBSCRIPTION_STATUSES].sort());
    expect(values('DecisionDto', 'reason')).toEqual(expect.arrayContaining([...DENIAL_REASONS, null]));
    expect(values('CreateApiKeyDto', 'scopes')).toEqual(expect.arrayContaining(SCOPES));
    expect(values('UserDto', 'role')).toEqual(expect.arrayContaining(ROLES));
  });

  it('the plan example is accepted and returned with its defaults', async () => {
    const created = await call('POST', '/v1/plans', { body: { ...PLAN_EXAMPLE, product } });
    expect([created.status, created.body.errors]).toEqual([201, undefined]);
    await call('POST', `/v1/plans/pro/publish?product=${product}`, { body: {} });
    const { body } = await call('GET', `/v1/plans/pro?product=${product}`);
    expect(body).toMatchObject({
      ...PLAN_EXAMPLE,
      entitlements: PLAN_EXAMPLE.entitlements.map((one) =>
        one.type === 'metered' ? { overage: 'deny', ...one } : one,
      ),
    });
    const others = Object.keys(PLAN_EXAMPLE).filter((name) => name !== 'entitlements' && name !== 'prices');
    expect(Object.keys(body)).toEqual(expect.arrayContaining(others));
  });

  it('the decision example is the answer to the call beyond the limit, and limit null is unlimited', async () => {
    const { status, body } = await call('PUT', '/v1/customers/acme', { body: { product, plan: 'pro' } });
    expect([status, body.subscription.status]).toEqual([201, 'trialing']);
    const consume = (fields: object) =>
      call('POST', '/v1/usage/consume', { body: { customer: 'acme', product, feature: 'api_calls', ...fields } });
    expect((await consume({ quantity: 1000 })).body).toMatchObject({ allowed: true, reason: null, remaining: 0 });
    const { body: decision } = await consume({});
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(decision).toEqual({ ...DECISION_EXAMPLE, windowStart: time, resetsAt: time, asOf: time });
    expect((await consume({ feature: 'storage_gb', quantity: 2 ** 53 - 1 })).body).toMatchObject({
      allowed: true,
      limit: null,
      remaining: null,
    });
    const check = (feature: string) => call('POST', '/v1/check', { body: { customer: 'acme', product, feature } });
    expect((await check('sso')).body).toMatchObject({ allowed: true, type: 'boolean', value: true });
    expect((await check('support')).body).toMatchObject({ allowed: true, type: 'static', value: 'email' });
  });

  it.each(CATALOG_KEYS.valid)('%j is a key of products, features and plans', async (key) => {
    const made = [
      await call('POST', '/v1/products', { body: { key, name: 'P' } }),
      await call('POST', '/v1/features', { body: { product: key, key, name: 'F', type: 'metered' } }),
      await call('POST', '/v1/plans', { body: { product: key, key, name: 'P' } }),
    ];
    expect(made.map(({ status }) => status)).toEqual([201, 201, 201]);
    for (const kind of ['features', 'plans'])
      expect((await call('GET', `/v1/${kind}/${key}?product=${key}`)).body.key).toBe(key);
  });

  it.each(CATALOG_KEYS.invalid)('%j is no key of products, features and plans', async (key) => {
    const made = [
      await call('POST', '/v1/products', { body: { key, name: 'P' } }),
      await call('POST', '/v1/features', { body: { product, key, name: 'F', type: 'metered' } }),
      await call('POST', '/v1/plans', { body: { product, key, name: 'P' } }),
    ];
    expect(made.map(({ status, body }) => [status, body.errors?.[0]?.field])).toEqual([
      [422, 'key'],
      [422, 'key'],
      [422, 'key'],
    ]);
  });

  it.each(CUSTOMER_KEYS.valid)('%j is a key of customers', async (key) => {
    const path = `/v1/customers/${encodeURIComponent(key)}`;
    expect((await call('PUT', path, { body: { product: 'api' } })).status).toBe(201);
    expect((await call('PUT', path, { body: { product: 'api', name: 'Again' } })).status).toBe(200);
    expect((await call('GET', path)).body).toMatchObject({ key, name: 'Again' });
  });

  it.each(CUSTOMER_KEYS.invalid)('%j is no key of customers', async (key) => {
    const { status, body } = await call('PUT', `/v1/customers/${encodeURIComponent(key)}`, {
      body: { product: 'api' },
    });
    expect([status, body.code]).toEqual([422, 'invalid_fields']);
  });

  it.each(ERRORS)('$title answers $status with a problem', async ({ method, path, body, status, code }) => {
    const answer = await call(method, path.replace('$ID', ABSENT_ID), { body });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({
      type: expect.any(String),
      title: expect.any(String),
      status,
      detail: expect.any(String),
      instance: path.split('?')[0]!.replace('$ID', ABSENT_ID),
      code,
      requestId: expect.any(String),
    });
    if (status === 422)
      expect(answer.body.errors).toEqual([{ field: expect.any(String), message: expect.any(String) }]);
  });

  it('no credentials answer 401 with WWW-Authenticate, and a second subscription 409', async () => {
    const anonymous = await createCall(service.url)('GET', '/v1/customers');
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/Bearer/),
    ]);
    await call('PUT', '/v1/customers/twice', { body: { product: 'api', plan: 'quota' } });
    const again = await call('POST', '/v1/subscriptions', {
      body: { customer: 'twice', product: 'api', plan: 'quota' },
    });
    expect(again).toMatchObject({ status: 409, body: { code: 'subscription_exists' } });
  });

  it('a list without a limit returns a page of 20, and sparse fields when they are named', async () => {
    for (let index = 0; index < 21; index++)
      await call('PUT', `/v1/customers/listed${index}`, { body: { product: 'api' } });
    const { body } = await call('GET', '/v1/customers');
    expect([body.data.length, body]).toEqual([20, { ...PAGE, hasMore: true, nextCursor: expect.any(String) }]);
    const sparse = await call('GET', `/v1/customers?limit=100&cursor=${body.nextCursor}&fields=key`);
    expect(Object.keys(sparse.body.data[0])).toEqual(['key']);
  });
});

describe('the environment of the HTTP contract', () => {
  it.each(ENVIRONMENT)('$variable has the default $fallback', ({ variable, property, fallback, given, value }) => {
    const dataDir = temporaryFolder();
    const read = (environment: NodeJS.ProcessEnv): unknown =>
      new Config({ DATA_DIR: dataDir, ...environment })[property as keyof Config];
    expect(read({})).toEqual(fallback);
    expect(read({ [variable]: given })).toEqual(value);
    fs.rmSync(dataDir, { recursive: true });
  });
});
