import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ApiResponse, startApp, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { allowLog } from '../support/log.js';
import { inParallel, applyMeteredProduct, createApiKey, uniqueName } from '../support/fixtures.js';

const OPERATIONS = 500;
const CONCURRENCY = 24;
/** By progress instead of by time, so that each machine sees the same number of cuts. */
const OPERATIONS_PER_CUT = 25;
const CUSTOMERS = 3;
const LIMIT = 400;

/** The known effect of one operation. */
interface Effect {
  customer: string;
  used: number;
  reserved: number;
}

/**
 * A random history of all operations that change usage, on two instances, with lost connections.
 * A request with an unknown outcome is repeated with its key.
 */
describe('a history of concurrent operations', () => {
  let database: TestDatabase;
  let instances: TestApp[];
  let key: string;

  allowLog(/Database connection lost|Job ".+" failed; retrying on its next run/);

  beforeAll(async () => {
    database = await createTestDatabase();
    instances = [await startApp({ database, worker: true }), await startApp({ database, worker: true })];
    ({ key } = await createApiKey(instances[0]!));
  }, 60_000);
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await database.drop();
  });

  const cutConnections = () =>
    database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tollgate usage' and datname = current_database()`,
    );

  const isUnknown = (answer: ApiResponse | null): boolean => answer === null || answer.status === 503;

  /** Repeats a request until its outcome is known. */
  async function known(token: string, index: number, path: string, body: object, name: string): Promise<ApiResponse> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const answer = await instances[(index + attempt) % 2]!.call('POST', path, {
        token,
        body,
        headers: { 'idempotency-key': name },
      }).catch(() => null);
      if (!isUnknown(answer)) return answer!;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`The outcome of ${name} is unknown.`);
  }

  it.each([1, 2, 3])(
    'adds up, seed %i',
    async (seed) => {
      const product = uniqueName('history');
      await applyMeteredProduct(instances[0]!, product, LIMIT);
      const customers = Array.from({ length: CUSTOMERS }, () => uniqueName('actor'));
      for (const customer of customers)
        await instances[0]!.call('PUT', `/v1/customers/${customer}`, { token: key, body: { product } });
      const script = fc.sample(
        fc.record({
          what: fc.constantFrom('consume', 'consume', 'consume', 'reserve', 'event', 'correct', 'reserve and commit'),
          quantity: fc.integer({ min: 1, max: 9 }),
          who: fc.nat(CUSTOMERS - 1),
        }),
        { seed, numRuns: OPERATIONS },
      );
      const operate = async (index: number): Promise<Effect> => {
        const { what, quantity, who } = script[index]!;
        const customer = customers[who]!;
        const name = `${product}-${index}`;
        const input = { customer, product, feature: 'calls', quantity };
        const effect = { customer, used: 0, reserved: 0 };
        if (what === 'consume') {
          const { status, body } = await known(key, index, '/v1/usage/consume', input, name);
          expect(status).toBe(200);
          return { ...effect, used: body.allowed ? quantity : 0 };
        }
        if (what === 'event') {
          const { body } = await known(
            key,
            index,
            '/v1/usage/events',
            { product, events: [{ ...input, id: name, product: undefined }] },
            name,
          );
          // A repeated event after a lost response may be a duplicate: it was counted once.
          expect(['recorded', 'duplicate']).toContain(body.results[0].status);
          return { ...effect, used: quantity };
        }
        if (what === 'correct') {
          const { status, body } = await known(
            instances[0]!.adminToken,
            index,
            '/v1/usage/corrections',
            { ...input, quantity: -quantity, reason: 'history' },
            name,
          );
          if (status === 409) expect(body.code).toBe('exceeds_usage');
          return { ...effect, used: status === 200 ? -quantity : 0 };
        }
        const { body } = await known(key, index, '/v1/usage/reservations', { ...input, ttlSeconds: 600 }, name);
        if (!body.allowed) return effect;
        if (what === 'reserve') return { ...effect, reserved: quantity };
        const committed = Math.ceil(quantity / 2);
        const settled = await known(
          key,
          index,
          `/v1/usage/reservations/${body.reservation.id}/commit`,
          { quantity: committed },
          `${name}-commit`,
        );
        expect(settled.status).toBe(200);
        return { ...effect, used: committed };
      };
      let finished = 0;
      const effects = await inParallel(script.length, CONCURRENCY, async (index) => {
        const effect = await operate(index);
        if (++finished % OPERATIONS_PER_CUT === 0) await cutConnections();
        return effect;
      });

      for (const customer of customers) {
        const mine = effects.filter((effect) => effect.customer === customer);
        const { body } = await known(key, 0, '/v1/check', { customer, product, feature: 'calls' }, 'check');
        expect(body).toMatchObject({
          used: mine.reduce((sum, { used }) => sum + used, 0),
          reserved: mine.reduce((sum, { reserved }) => sum + reserved, 0),
        });
      }
      const { body: report } = await instances[0]!.admin('POST', '/v1/usage/verify', { body: {} });
      expect(report.mismatches).toEqual([]);
    },
    60_000,
  );
});
