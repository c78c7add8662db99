import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@app/kernel';
import { DueSubscriptionsService, PlanMigrationsService } from '@app/subscriptions';
import { startApp, TestClock, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import {
  inParallel,
  applyLifecycleProduct,
  type RegisteredUser,
  createApiKey,
  uniqueName,
} from '../support/fixtures.js';

const PRODUCT = 'raced';
const COPIES = 16;
const DAY = 86_400_000;

describe('concurrent commands on two instances', () => {
  const clock = new TestClock();
  let database: TestDatabase;
  let instances: TestApp[];
  let calls: RegisteredUser['call'][];
  const subscribe = async (plan = 'basic') => {
    const customer = uniqueName('raced');
    const { body } = await calls[0]!('PUT', `/v1/customers/${customer}`, { body: { product: PRODUCT, plan } });
    return { customer, id: body.subscription.id as string };
  };
  const all = (method: string, path: string, body: object) =>
    inParallel(COPIES, COPIES, (index) => calls[index % 2]!(method, path, { body }));
  const wins = (responses: { status: number }[]) => responses.filter(({ status }) => status < 300).length;
  const versions = async (id: string) =>
    (
      await database.query<{ version: number }>(
        `select (after->>'version')::int as version from events where subject_id = '${id}' and type not like '%\\_upcoming' order by id`,
      )
    ).map(({ version }) => version);
  const gapless = async (id: string) => {
    const found = await versions(id);
    expect(found).toEqual(found.map((_, index) => index + 1));
    return found.length;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    const first = await startApp({ database, clock, worker: true });
    instances = [first, await startApp({ database, clock, worker: true })];
    const { key } = await createApiKey(first);
    calls = instances.map(
      (instance) =>
        (method, path, options = {}) =>
          instance.call(method, path, { token: key, ...options }),
    );
    await applyLifecycleProduct(first, PRODUCT);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await database.drop();
  });

  const ONCE: [string, string, object, [string, object][]][] = [
    ['pause', 'pause', {}, []],
    ['unpause', 'unpause', {}, [['pause', {}]]],
    ['change now', 'change', { plan: 'pro', when: 'now' }, []],
    ['cancel now', 'cancel', { when: 'now' }, []],
    ['cancel at the end', 'cancel', { when: 'period_end' }, []],
    ['resume', 'resume', {}, [['cancel', { when: 'period_end' }]]],
    ['extend', 'extend', { to: '2100-01-01T00:00:00Z', reason: 'race' }, []],
    ['another billing anchor', 'billing-anchor', { anchor: '2100-01-15T00:00:00Z', when: 'now' }, []],
    ['an agreed end', 'agreed-end', { endsAt: '2100-01-01T00:00:00Z' }, []],
    ['a failed payment', 'record-payment', { outcome: 'failed' }, []],
    ['a payment made good', 'record-payment', { outcome: 'succeeded' }, [['record-payment', { outcome: 'failed' }]]],
    ['coming back', 'renew', {}, [['cancel', { when: 'now' }]]],
    ['coming back now', 'renew', { when: 'now' }, [['cancel', { when: 'now' }]]],
  ];
  it.each(ONCE)('%s: one of many succeeds, the others leave no trace', async (_, name, body, before) => {
    const { id } = await subscribe();
    for (const [command, fields] of before)
      await calls[0]!('POST', `/v1/subscriptions/${id}/${command}`, { body: fields });
    const responses = await all('POST', `/v1/subscriptions/${id}/${name}`, body);
    expect(wins(responses)).toBe(1);
    expect(responses.every(({ status }) => [200, 409, 422].includes(status))).toBe(true);
    expect(await gapless(id)).toBe(2 + before.length);
  });

  it.each(['at one instant', 'on a running clock'])('renewals now %s: one credit and one charge', async (instants) => {
    const { id } = await subscribe();
    clock.advance(DAY);
    const ticking = instants === 'on a running clock' ? setInterval(() => clock.advance(1), 1) : undefined;
    const responses = await all('POST', `/v1/subscriptions/${id}/renew`, { when: 'now' });
    clearInterval(ticking);
    expect(wins(responses)).toBe(1);
    expect(responses.filter(({ status }) => status !== 200)).toEqual(
      Array.from({ length: COPIES - 1 }, () =>
        expect.objectContaining({ status: 409, body: expect.objectContaining({ code: 'already_renewed' }) }),
      ),
    );
    expect(await gapless(id)).toBe(2);
    const { data } = (await calls[0]!('GET', `/v1/subscriptions/${id}/lines`)).body;
    expect(data.map(({ kind }: { kind: string }) => kind)).toEqual(['credit', 'charge']);
  });

  it('agreed renewals: each request with the current version adds one', async () => {
    const { id } = await subscribe();
    await calls[0]!('PATCH', `/v1/subscriptions/${id}`, { body: { autoRenew: false } });
    const responses = await inParallel(COPIES, COPIES, (index) =>
      calls[index % 2]!('POST', `/v1/subscriptions/${id}/renew`, { body: {}, headers: { 'if-match': '"2"' } }),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([
      200,
      ...Array.from({ length: COPIES - 1 }, () => 412),
    ]);
    expect((await calls[0]!('GET', `/v1/subscriptions/${id}`)).body.prepaidPeriods).toBe(1);
    expect((await calls[0]!('GET', `/v1/subscriptions/${id}/lines`)).body.data).toHaveLength(1);
  });

  it('reactivate and subscribe: one succeeds', async () => {
    const { customer, id } = await subscribe();
    await calls[0]!('POST', `/v1/subscriptions/${id}/cancel`, { body: { when: 'now' } });
    const responses = await inParallel(COPIES, COPIES, (index) =>
      index % 4 < 2
        ? calls[index % 2]!('POST', `/v1/subscriptions/${id}/renew`, { body: {} })
        : calls[index % 2]!('POST', '/v1/subscriptions', { body: { customer, product: PRODUCT, plan: 'pro' } }),
    );
    expect(wins(responses)).toBe(1);
    const [{ count }] = (await database.query<{ count: number }>(
      `select count(*)::int as count from subscriptions s join customers c on c.id = s.customer_id where c.key = '${customer}' and s.ended_at is null`,
    )) as [{ count: number }];
    expect(count).toBe(1);
  });

  it('scheduled subscriptions: one of many succeeds', async () => {
    const { customer, id } = await subscribe();
    const { body } = await calls[0]!('POST', `/v1/subscriptions/${id}/cancel`, { body: { when: 'period_end' } });
    expect(
      wins(
        await all('POST', '/v1/subscriptions', {
          customer,
          product: PRODUCT,
          plan: 'pro',
          startsAt: body.currentPeriodEnd,
        }),
      ),
    ).toBe(1);
  });

  it('random commands and sweeps keep versions in order and one row per transition', async () => {
    const subjects = await Promise.all(Array.from({ length: 12 }, () => subscribe('daily')));
    const bodies: [string, object][] = [
      ['pause', {}],
      ['unpause', {}],
      ['cancel', { when: 'period_end' }],
      ['resume', {}],
      ['change', { plan: 'pro', when: 'now' }],
      ['change', { plan: 'daily', when: 'period_end' }],
      ['renew', { when: 'now' }],
      ['record-payment', { outcome: 'failed' }],
      ['record-payment', { outcome: 'succeeded' }],
    ];
    for (let round = 0; round < 6; round++) {
      clock.advance(DAY / 2 + round);
      const responses = await inParallel(72, 24, async (index) => {
        if (index % 12 === 0) return instances[index % 2]!.app.get(DueSubscriptionsService).processDue();
        const [name, body] = bodies[(index * 7 + round) % bodies.length]!;
        return (
          await calls[index % 2]!('POST', `/v1/subscriptions/${subjects[(index * 5) % 12]!.id}/${name}`, { body })
        ).status;
      });
      expect(responses.filter((status) => status >= 500 && status < 600)).toEqual([]);
    }
    for (const { id } of subjects) await gapless(id);
  }, 60_000);

  it('T-15: plan changes during 50 consumers lose no unit and exceed no limit', async () => {
    const { customer, id } = await subscribe('pro');
    let granted = 0;
    let flipping = true;
    const consume = async (index: number) => {
      const request = {
        body: { customer, product: PRODUCT, feature: 'calls', quantity: 1 },
        headers: { 'idempotency-key': newId() },
      };
      const call = () => calls[index % 2]!('POST', '/v1/usage/consume', request);
      // On a busy machine a plan change may lock the customer for longer than usage waits. A 503 counts nothing.
      let { status, body } = await call();
      for (let tries = 0; status === 503 && tries < 5; tries++) ({ status, body } = await call());
      expect(status).toBe(200);
      expect(body.remaining).toBeGreaterThanOrEqual(0);
      // The small plan denies it; the large one allows up to 100.
      if (body.allowed) granted++;
    };
    const flips = (async () => {
      for (let flip = 0; flip < 100; flip++)
        await calls[flip % 2]!('POST', `/v1/subscriptions/${id}/change`, {
          body: { plan: flip % 2 ? 'pro' : 'basic', when: 'now' },
        });
      flipping = false;
    })();
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        while (flipping) await consume(index);
      }),
    );
    await flips;
    const { body } = await calls[0]!('POST', '/v1/check', { body: { customer, product: PRODUCT, feature: 'calls' } });
    expect(body).toMatchObject({ limit: 100, used: granted });
    expect(granted).toBeLessThanOrEqual(100);
    expect(granted).toBeGreaterThan(10);
    expect(await gapless(id)).toBe(101);
  }, 60_000);

  it('workers apply every due transition once and in order, with reminders, after an outage of three days', async () => {
    const daily = await Promise.all(Array.from({ length: 40 }, () => subscribe('daily')));
    const monthly = await Promise.all(Array.from({ length: 40 }, () => subscribe('basic')));
    const later = await Promise.all(
      monthly.slice(0, 20).map(async ({ customer, id }) => {
        const { body } = await calls[0]!('POST', `/v1/subscriptions/${id}/cancel`, { body: { when: 'period_end' } });
        return (
          await calls[0]!('POST', '/v1/subscriptions', {
            body: { customer, product: PRODUCT, plan: 'pro', startsAt: body.currentPeriodEnd },
          })
        ).body;
      }),
    );
    clock.advance(3 * DAY);
    const sweep = (index: number) => instances[index % 2]!.app.get(DueSubscriptionsService).processDue();
    await inParallel(6, 6, sweep);
    const ids = daily.map(({ id }) => `'${id}'`).join(', ');
    const renewals = await database.query<{ subject: string; at: Date[] }>(
      `select subject_id as subject, array_agg(at order by id) as at from events where subject_id in (${ids}) and type = 'subscription.renewed' group by 1`,
    );
    expect(renewals).toHaveLength(40);
    for (const { at } of renewals) expect(at.map((one) => one.getTime() - at[0]!.getTime())).toEqual([0, DAY, 2 * DAY]);
    clock.advance(40 * DAY);
    // A start may come before the end that another worker applies; then it is retried.
    await inParallel(6, 6, (index) => sweep(index).catch(() => 0));
    const countDue = async () => {
      const [due] = await database.query<{ count: number }>(
        `select count(*)::int as count from subscriptions where due_at <= '${clock.now().toISOString()}'`,
      );
      return due!.count;
    };
    // As the job does. A sweep that timed out on a busy machine may hold its locks for a moment longer.
    await eventually(async () => {
      await sweep(0);
      return (await countDue()) === 0;
    });
    const statuses = await database.query<{ status: string; count: number }>(
      `select status, count(*)::int as count from subscriptions where id in (${[...monthly, ...later].map(({ id }) => `'${id}'`).join(', ')}) group by 1 order by 1`,
    );
    expect(statuses).toEqual([
      { status: 'active', count: 40 },
      { status: 'expired', count: 20 },
    ]);
    const doubled = await database.query(
      `select 1 from events where type in ('subscription.expired', 'subscription.started', 'subscription.renewal_upcoming') group by subject_id, type, at having count(*) > 1`,
    );
    expect(doubled).toHaveLength(0);
    expect(await countDue()).toBe(0);
  }, 60_000);

  it('plan migration: each subscription is migrated once by several workers', async () => {
    const subjects = await Promise.all(Array.from({ length: 130 }, () => subscribe('yearly')));
    const [leaving] = subjects;
    await calls[0]!('POST', `/v1/subscriptions/${leaving!.id}/cancel`, { body: { when: 'period_end' } });
    await calls[0]!('PATCH', '/v1/plans/yearly', {
      body: { product: PRODUCT, prices: [{ interval: 'year', intervalCount: 1, amount: 12_000, currency: 'USD' }] },
    });
    await calls[0]!('POST', '/v1/plans/yearly/publish', { body: { product: PRODUCT } });
    const { status, body: move } = await calls[0]!('POST', '/v1/plans/yearly/moves', {
      body: { product: PRODUCT, when: 'now', reason: 'new prices' },
    });
    expect({ status, move }).toMatchObject({ status: 202, move: { state: 'running', total: 130, version: 2 } });
    expect(
      await calls[1]!('POST', '/v1/plans/yearly/moves', { body: { product: PRODUCT, when: 'now' } }),
    ).toMatchObject({ status: 409, body: { code: 'plan_move_running' } });
    await inParallel(4, 4, async (index) => {
      while (await instances[index % 2]!.app.get(PlanMigrationsService).step());
    });
    while (await instances[0]!.app.get(PlanMigrationsService).step());
    expect((await calls[1]!('GET', `/v1/plans/yearly/moves/${move.id}?product=${PRODUCT}`)).body).toMatchObject({
      state: 'done',
      moved: 129,
      skipped: 1,
    });
    for (const { id } of subjects.slice(1, 10)) {
      expect((await calls[0]!('GET', `/v1/subscriptions/${id}`)).body).toMatchObject({
        plan: { version: 2 },
        price: { amount: 12_000 },
        version: 2,
      });
      expect((await calls[0]!('GET', `/v1/subscriptions/${id}/timeline`)).body.data.at(-1)).toMatchObject({
        type: 'subscription.plan_changed',
        reason: 'new prices',
      });
    }
    expect((await calls[0]!('GET', `/v1/subscriptions/${leaving!.id}`)).body).toMatchObject({
      status: 'canceled',
      plan: { version: 1 },
    });
  }, 60_000);
});
