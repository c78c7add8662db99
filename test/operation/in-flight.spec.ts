import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiResponse, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { applyMeteredProduct, uniqueName } from '../support/fixtures.js';
import { eventually } from '../support/eventually.js';
import { withOpenTransaction, withCustomerLocked } from '../support/transactions.js';

const MOST = 6;
const DEADLINE_MS = 2_000;

/** A service that is soon full and soon out of patience. */
describe('requests in flight', () => {
  let service: TestApp & { database: TestDatabase };
  const product = uniqueName('bounded');
  const customer = uniqueName('held');

  beforeAll(async () => {
    service = await startService({
      environment: { MAX_IN_FLIGHT: String(MOST), REQUEST_DEADLINE_MS: String(DEADLINE_MS) },
    });
    await applyMeteredProduct(service, product, 1_000);
    await service.admin('PUT', `/v1/customers/${customer}`, { body: { product } });
  }, 60_000);
  afterAll(() => service.stop());

  /** Asks for a change of a customer whom somebody else holds. */
  const change = (): Promise<ApiResponse> =>
    service.admin('PUT', `/v1/customers/${customer}/overrides/calls`, { body: { product, limit: 7 } });

  it('a request is answered at its deadline with an unknown outcome', async () => {
    const began = performance.now();
    const answer = await withCustomerLocked(service.database, customer, change);
    expect(answer).toMatchObject({ status: 503, body: { code: 'deadline_exceeded' } });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(performance.now() - began).toBeLessThan(DEADLINE_MS + 2_000);
    expect((await change()).status).toBe(200);
  });

  it('the real response is stored for its key, not the deadline error', async () => {
    const asked = {
      body: { product, feature: 'calls', quantity: 5 },
      headers: { 'idempotency-key': uniqueName('late') },
    };
    const grant = (): Promise<ApiResponse> => service.admin('POST', `/v1/customers/${customer}/grants`, asked);
    const told = await withCustomerLocked(service.database, customer, grant);
    expect(told).toMatchObject({ status: 503, body: { code: 'deadline_exceeded' } });
    const known = await eventually(grant, ({ status }) => status !== 409 && status !== 503);
    expect([known.status, known.headers.get('idempotency-replayed'), known.body]).toEqual([
      201,
      'true',
      expect.objectContaining({ quantity: 5 }),
    ]);
    expect((await service.admin('GET', `/v1/customers/${customer}/grants?product=${product}`)).body.data).toHaveLength(
      1,
    );
  });

  it('queued work of a request past its deadline is not started', async () => {
    const asked = {
      body: { product, feature: 'calls', quantity: 3 },
      headers: { 'idempotency-key': uniqueName('waiting') },
    };
    const grant = (): Promise<ApiResponse> => service.admin('POST', `/v1/customers/${customer}/grants`, asked);
    const told = await withOpenTransaction(service.database, async (other) => {
      // Somebody else is about to use the key, and does not.
      await other.query(
        `insert into idempotency_keys (caller, key, fingerprint, created_at) select 'user:' || id, $1, sha256('another'), now() from users where canonical_email = 'admin@localhost'`,
        [asked.headers['idempotency-key']],
      );
      return grant();
    });
    expect(told).toMatchObject({ status: 503, body: { code: 'deadline_exceeded' } });
    const done = await eventually(grant, ({ status }) => status === 201);
    expect(done.body).toMatchObject({ quantity: 3 });
    expect(
      (await service.admin('GET', `/v1/customers/${customer}/grants?product=${product}`)).body.data.filter(
        ({ quantity }: { quantity: number }) => quantity === 3,
      ),
    ).toHaveLength(1);
  });

  it('a request above the limit is rejected immediately, and the next one is served when a slot is free', async () => {
    const answers = await withCustomerLocked(service.database, customer, () =>
      Promise.all(Array.from({ length: 3 * MOST }, change)),
    );
    const codes = answers.map(({ body }) => body.code as string);
    expect(codes.filter((code) => code === 'deadline_exceeded')).toHaveLength(MOST);
    expect(codes.filter((code) => code === 'overloaded')).toHaveLength(2 * MOST);
    expect(answers.every(({ status, headers }) => status === 503 && headers.get('retry-after') === '1')).toBe(true);
    expect((await change()).status).toBe(200);
    const { body } = await service.call('GET', '/metrics');
    expect(body).toMatch(/tollgate_http_refused_total\{reason="overloaded"\} [1-9]/);
  });

  it('a request counts as finished when its client has disconnected', async () => {
    await withCustomerLocked(service.database, customer, async () => {
      const { port, hostname } = new URL(service.url);
      const socket = connect(Number(port), hostname);
      socket.write(`GET /v1/customers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${service.adminToken}\r\n\r\n`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      socket.destroy();
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    // The request that reads it is the only one.
    expect((await service.call('GET', '/metrics')).body).toMatch(/\ntollgate_http_in_flight 1\n/);
  });
});
