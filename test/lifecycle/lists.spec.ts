import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Database } from '@app/platform';
import { startService, TestClock, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { applyLifecycleProduct, type RegisteredUser, createApiKey } from '../support/fixtures.js';

const PRODUCT = 'listed';
const ROWS = 30_000;

/** Statements on subscriptions that any pool sends while `work` runs, with their values. */
async function statementsOf(work: () => Promise<unknown>): Promise<{ sql: string; values: unknown[] }[]> {
  const original = pg.Client.prototype.query as (...parameters: any[]) => unknown;
  const statements: { sql: string; values: unknown[] }[] = [];
  pg.Client.prototype.query = function (this: pg.Client, ...parameters: any[]): any {
    const [query, given] = parameters;
    const { text: sql, values = given ?? [] } = typeof query === 'string' ? { text: query } : query;
    if (/from subscriptions s/.test(sql)) statements.push({ sql, values });
    return original.apply(this, parameters);
  } as never;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = original as never;
  }
  return statements;
}

describe('lists of subscriptions on a large table', () => {
  const clock = new TestClock();
  let service: TestApp & { database: TestDatabase };
  let call: RegisteredUser['call'];

  beforeAll(async () => {
    service = await startService({ clock });
    ({ call } = await createApiKey(service));
    await applyLifecycleProduct(service, PRODUCT);
    await call('PUT', '/v1/customers/template', { body: { product: PRODUCT } });
    // Every customer has one live and three older subscriptions; a tenth ends soon. One customer has very many.
    await service.database.query(`
      do $$
      declare t subscriptions; i int; c uuid; live uuid; plans uuid[];
      begin
        select * into t from subscriptions where customer_id = (select id from customers where key = 'template');
        select array_agg(id order by key) into plans from plans where product_id = t.product_id;
        -- Triggers and foreign keys are off: they take most of the time, and the rows are consistent.
        set local session_replication_role = replica;
        for i in 1..${ROWS} loop
          if i % 4 = 1 then
            c := ('01900000-0000-7000-9000-' || lpad(to_hex(i), 12, '0'))::uuid;
            live := ('01900000-0000-7000-a000-' || lpad(to_hex(i + 3), 12, '0'))::uuid;
            insert into customers select (jsonb_populate_record(x, jsonb_build_object('id', c, 'key', 'filled' || i, 'first_subscription_id', live))).* from customers x where key = 'template';
          end if;
          t.customer_id := c;
          t.id := ('01900000-0000-7000-a000-' || lpad(to_hex(i), 12, '0'))::uuid;
          t.plan_id := plans[1 + (i / 4) % 4];
          t.cancel_at_period_end := i % 40 = 0;
          t.status := case when i % 4 <> 0 then 'expired' when i % 40 = 0 then 'canceled' else 'active' end;
          t.ended_at := case when i % 4 <> 0 then t.started_at end;
          t.due_at := case when i % 4 = 0 then t.current_period_end end;
          insert into subscriptions select t.*;
        end loop;
        for i in 1..5000 loop
          t.id := ('01900000-0000-7000-b000-' || lpad(to_hex(i), 12, '0'))::uuid;
          t.status := 'expired'; t.cancel_at_period_end := false; t.ended_at := t.started_at; t.due_at := null;
          insert into subscriptions select t.*;
        end loop;
      end $$`);
    await service.database.query('analyze subscriptions');
  }, 120_000);
  afterAll(() => service.stop());

  const crowded = `filled${ROWS - 3}`;
  const LISTS: [string, string][] = [
    ['live ones', `/v1/subscriptions?product=${PRODUCT}`],
    ['those of a status', `/v1/subscriptions?product=${PRODUCT}&status=canceled`],
    ['those of a plan', `/v1/subscriptions?product=${PRODUCT}&plan=pro`],
    ['those of a time', `/v1/subscriptions?product=${PRODUCT}&from=2020-01-01T00:00:00Z&to=2099-01-01T00:00:00Z`],
    ['those that end soon', `/v1/subscriptions?product=${PRODUCT}&expiringWithin=60d`],
    ['the history of a customer', `/v1/customers/${crowded}/subscriptions?product=${PRODUCT}`],
    ['the history of a customer by status', `/v1/customers/${crowded}/subscriptions?product=${PRODUCT}&status=expired`],
  ];

  it.each(LISTS)('%s: every page is read from an index without a scan or sort', async (_, path) => {
    const first = await call('GET', path);
    expect(first).toMatchObject({ status: 200, body: { hasMore: true } });
    const later = await call('GET', `${path}&cursor=${first.body.nextCursor}`);
    expect(later.body.data).toHaveLength(20);
    for (const page of [path, `${path}&cursor=${later.body.nextCursor}`]) {
      const statements = await statementsOf(() => call('GET', page));
      expect(statements.length).toBeGreaterThan(0);
      for (const { sql, values } of statements) {
        const plan = await service.app
          .get(Database)
          .query<{ 'QUERY PLAN': string }>(`explain (analyze, buffers) ${sql}`, values);
        const text = plan.map((line) => line['QUERY PLAN']).join('\n');
        expect(text).toMatch(/Index/);
        expect(text).not.toMatch(/Seq Scan|Sort/);
        // A page of 20 rows reads about 20 rows, and no rows that the filter excludes.
        const [, hit] = /Buffers: shared hit=(\d+)/.exec(text) ?? [];
        expect(Number(hit)).toBeLessThan(60);
      }
    }
  });

  it('all pages return each live row once during concurrent changes', async () => {
    const listed: string[] = [];
    const path = `/v1/subscriptions?product=${PRODUCT}&limit=100&status=canceled`;
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await call('GET', cursor ? `${path}&cursor=${cursor}` : path);
      listed.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
      await call('PUT', `/v1/customers/came${listed.length}`, { body: { product: PRODUCT } });
    }
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed).toHaveLength(ROWS / 40);
  }, 60_000);

  it('a list shows the plan name and price at the time of sale', async () => {
    const { body } = await call('PUT', '/v1/customers/sold-once', { body: { product: PRODUCT, plan: 'pro' } });
    await call('PATCH', '/v1/plans/pro', {
      body: {
        product: PRODUCT,
        name: 'Professional',
        prices: [{ interval: 'month', intervalCount: 1, amount: 9_900, currency: 'USD' }],
      },
    });
    await call('POST', '/v1/plans/pro/publish', { body: { product: PRODUCT } });
    const history = await call('GET', `/v1/customers/sold-once/subscriptions?product=${PRODUCT}`);
    expect(history.body.data[0]).toMatchObject({
      id: body.subscription.id,
      plan: { key: 'pro', name: 'PRO', version: 1 },
      price: { amount: 3_000 },
    });
  });

  it('a history shows due transitions whether or not a job has run', async () => {
    const { body } = await call('PUT', '/v1/customers/overdue', { body: { product: PRODUCT } });
    await call('POST', `/v1/subscriptions/${body.subscription.id}/cancel`, { body: { when: 'period_end' } });
    const by = async (status: string) =>
      (await call('GET', `/v1/customers/overdue/subscriptions?product=${PRODUCT}&status=${status}`)).body.data.length;
    expect([await by('canceled'), await by('expired')]).toEqual([1, 0]);
    clock.advance(40 * 86_400_000);
    const renewed = await createApiKey(await again());
    const later = async (status: string) =>
      (await renewed.call('GET', `/v1/customers/overdue/subscriptions?product=${PRODUCT}&status=${status}`)).body.data
        .length;
    expect([await later('canceled'), await later('expired')]).toEqual([0, 1]);
  });

  /** The session of the admin has expired on this clock. */
  async function again(): Promise<TestApp> {
    const { body } = await service.call('POST', '/v1/auth/login', {
      body: { email: 'admin@localhost', password: 'correct horse battery staple' },
    });
    return {
      ...service,
      admin: (method, at, options = {}) => service.call(method, at, { token: body.accessToken, ...options }),
    };
  }
});
