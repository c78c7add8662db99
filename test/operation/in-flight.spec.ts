import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiResponse, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { applyMeteredProduct, uniqueName } from '../support/fixtures.js';
import { eventually } from '../support/eventually.js';
import { withOpenTransaction, withCustomerLocked } from '../support/transactions.js';

const MAX_IN_FLIGHT = 6;
const DEADLINE_MS = 2_000;

/** A service with few slots and a short deadline. */
describe('requests in flight', () => {
  let service: TestApp & { database: TestDatabase };
  const product = uniqueName('bounded');
  const customer = uniqueName('locked');

  beforeAll(async () => {
    service = await startService({
      environment: { MAX_IN_FLIGHT: String(MAX_IN_FLIGHT), REQUEST_DEADLINE_MS: String(DEADLINE_MS) },
    });
    await applyMeteredProduct(service, product, 1_000);
    await service.admin('PUT', `/v1/customers/${customer}`, { body: { product } });
  }, 60_000);
  afterAll(() => service.stop());

  /** Sends a request that needs the lock of the customer. */
  const change = (): Promise<ApiResponse> =>
    service.admin('PUT', `/v1/customers/${customer}/overrides/calls`, { body: { product, limit: 7 } });

  it('a request is answered at its deadline with an unknown outcome', async () => {
    const startedAt = performance.now();
    const answer = await withCustomerLocked(service.database, customer, change);
    expect(answer).toMatchObject({ status: 503, body: { code: 'deadline_exceeded' } });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(performance.now() - startedAt).toBeLessThan(DEADLINE_MS + 2_000);
    expect((await change()).status).toBe(200);
  });

  it('the real response is stored for its key, not the deadline error', async () => {
    const request = {
      body: { product, feature: 'calls', quantity: 5 },
      headers: { 'idempotency-key': uniqueName('late') },
    };
    const grant = (): Promise<ApiResponse> => service.admin('POST', `/v1/customers/${customer}/grants`, request);
    const timedOut = await withCustomerLocked(service.database, customer, grant);
    expect(timedOut).toMatchObject({ status: 503, body: { code: 'deadline_exceeded' } });
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
    const request = {
      body: { product, feature: 'calls', quantity: 3 },
      headers: { 'idempotency-key': uniqueName('waiting') },
    };
    const grant = (): Promise<ApiResponse> => service.admin('POST', `/v1/customers/${customer}/grants`, request);
    const timedOut = await withOpenTransaction(service.database, async (other) => {
      // Another transaction inserts the key and is rolled back.
      await other.query(
        `insert into idempotency_keys (caller, key, fingerprint, created_at) select 'user:' || id, $1, sha256('another'), now() from users where canonical_email = 'admin@localhost'`,
        [request.headers['idempotency-key']],
      );
      return grant();
    });
    expect(timedOut).toMatchObject({ status: 503, body: { code: 'deadline_exceeded' } });
    const granted = await eventually(grant, ({ status }) => status === 201);
    expect(granted.body).toMatchObject({ quantity: 3 });
    expect(
      (await service.admin('GET', `/v1/customers/${customer}/grants?product=${product}`)).body.data.filter(
        ({ quantity }: { quantity: number }) => quantity === 3,
      ),
    ).toHaveLength(1);
  });

  it('a request above the limit is rejected immediately, and the next one is served when a slot is free', async () => {
    const responses = await withCustomerLocked(service.database, customer, () =>
      Promise.all(Array.from({ length: 3 * MAX_IN_FLIGHT }, change)),
    );
    const codes = responses.map(({ body }) => body.code as string);
    expect(codes.filter((code) => code === 'deadline_exceeded')).toHaveLength(MAX_IN_FLIGHT);
    expect(codes.filter((code) => code === 'overloaded')).toHaveLength(2 * MAX_IN_FLIGHT);
    expect(responses.every(({ status, headers }) => status === 503 && headers.get('retry-after') === '1')).toBe(true);
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
    // Only the request that reads the metric is in flight.
    expect((await service.call('GET', '/metrics')).body).toMatch(/\ntollgate_http_in_flight 1\n/);
  });
});
