import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsageChecker, UsageSeriesService } from '@app/metering';
import type { Subscription } from '@app/subscriptions';
import { dueAt, dueTransitions } from '../../libs/subscriptions/src/domain/time.js';
import { cancel, start } from '../../libs/subscriptions/src/domain/commands/index.js';
import { isLive } from '../../libs/subscriptions/src/domain/subscription.js';
import { SELECTED } from '../../libs/subscriptions/src/subscription-row.js';
import { startApp, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { temporaryFolder } from '../support/process.js';

const root = path.resolve(import.meta.dirname, '../..');
const CUSTOMERS = 5_000;
const ARGUMENTS = ['--customers', String(CUSTOMERS), '--batch', '200'];
/** In percent of all subscriptions. */
const PLANS = { free: 50, basic: 25, pro: 15, 'pro-yearly': 7, enterprise: 3 };
const TOLERANCE = 2;
/** Subscriptions of the seed, without those that the service creates itself. */
const SEEDED = `subscriptions where product_id = (select id from products where key = 'seed')`;

interface Ended {
  code: number | null;
  output: string;
}

interface Seeded {
  subscription: Subscription;
  key: string;
  trialDays: number;
  dueAt: Date | null;
  sequence: number;
}

describe('npm run seed', () => {
  let database: TestDatabase;
  let dataDir: string;
  let service: TestApp;
  let afterKill: number;
  let last: Ended;

  const run = (args: string[], environment: Record<string, string> = {}): ChildProcess => {
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, DATA_DIR: dataDir, DATABASE_URL: database.url, ...environment };
    return spawn(process.execPath, ['scripts/seed.mjs', ...args], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };
  const ended = (child: ChildProcess): Promise<Ended> =>
    new Promise((resolve) => {
      let output = '';
      for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (data) => (output += String(data)));
      child.once('close', (code) => resolve({ code, output }));
    });
  const numbers = async (sql: string): Promise<Record<string, number>> =>
    (await database.query<Record<string, number>>(sql))[0]!;
  const loaded = async (): Promise<number> =>
    (await numbers(`select count(*)::int as n from customers where key like 'seed-%'`))['n']!;
  const seeding = async (): Promise<number> =>
    (
      await numbers(
        `select count(*)::int as n from pg_stat_activity where application_name = 'tollgate-seed' and datname = current_database()`,
      )
    )['n']!;
  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const seeded = async (every: number): Promise<Seeded[]> => {
    const rows = await database.query<Subscription & Omit<Seeded, 'subscription'>>(
      `select ${SELECTED}, s.due_at as "dueAt", c.key, v.trial_days as "trialDays", q.last::float8 as sequence from subscriptions s join customers c on c.id = s.customer_id
       join plan_versions v on v.plan_id = s.plan_id and v.version = s.plan_version join event_sequences q on q.subject_id = s.id where c.key ~ '^seed-' and right(c.key, 10)::int % ${every} = 0 order by c.key`,
    );
    return rows.map(({ dueAt: due, key, trialDays, sequence, ...subscription }) => ({
      subscription,
      dueAt: due,
      key,
      trialDays,
      sequence,
    }));
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    dataDir = temporaryFolder();
    const first = run(ARGUMENTS);
    const killed = ended(first);
    await until(async () => first.exitCode !== null || (await loaded()) >= 1_000);
    first.kill('SIGKILL');
    await killed;
    await until(async () => (await seeding()) === 0);
    afterKill = await loaded();
    last = await ended(run(ARGUMENTS));
    service = await startApp({ database });
  }, 300_000);
  afterAll(async () => {
    await service?.stop();
    await database.drop();
    fs.rmSync(dataDir, { recursive: true, force: true });
  });

  it('resumes after a kill with no customer duplicated or incomplete', async () => {
    expect(afterKill).toBeGreaterThanOrEqual(1_000);
    expect(afterKill).toBeLessThan(CUSTOMERS);
    expect(last).toMatchObject({
      code: 0,
      output: expect.stringContaining(`${afterKill.toLocaleString('en')} customers are already loaded.`),
    });
    expect(
      await numbers(`select count(*)::int as customers, count(distinct c.key)::int as keys, min(c.key) = 'seed-0000000001' and max(c.key) = 'seed-0000005000' as gapless,
        count(s.id)::int as first, count(v.version)::int as versions, count(q.last)::int as sequences, (select count(*)::int from ${SEEDED}) as subscriptions,
        (select count(distinct customer_id)::int from usage_counters) as users
        from customers c left join subscriptions s on s.customer_id = c.id and s.id = c.first_subscription_id left join entitlement_versions v on v.customer_id = c.id
        left join event_sequences q on q.subject_id = s.id where c.key like 'seed-%'`),
    ).toEqual({
      customers: CUSTOMERS,
      keys: CUSTOMERS,
      gapless: true,
      first: CUSTOMERS,
      versions: CUSTOMERS,
      sequences: CUSTOMERS,
      subscriptions: CUSTOMERS,
      users: CUSTOMERS,
    });
  });

  it('changes nothing when all customers exist', async () => {
    const before = await numbers(
      `select (select count(*)::int from events) as events, (select count(*)::int from plan_versions) as versions, (select count(*)::int from usage_ledger) as lines`,
    );
    const { code, output } = await ended(run(ARGUMENTS));
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringMatching(/5,000 customers are already loaded[\s\S]*All +5,000/),
    });
    expect(
      await numbers(
        `select (select count(*)::int from events) as events, (select count(*)::int from plan_versions) as versions, (select count(*)::int from usage_ledger) as lines`,
      ),
    ).toEqual(before);
  }, 60_000);

  it('writes counters that equal their ledgers and respect hard limits', async () => {
    expect(await service.app.get(UsageChecker).checkAll()).toEqual({ wrong: 0, unchecked: [] });
    expect(
      await numbers(`select count(*) filter (where e.terms ->> 'overage' = 'deny' and u.used > (e.terms ->> 'limit')::bigint)::int as beyond,
        count(*) filter (where u.hard_limit is distinct from case e.terms ->> 'overage' when 'deny' then (e.terms ->> 'limit')::bigint end)::int as unguarded,
        count(*) filter (where u.window_name <> e.terms ->> 'window')::int as strange, count(*) filter (where u.used = u.hard_limit)::int > 20 as some_full,
        count(*) filter (where u.used * 10 < u.hard_limit)::int > count(*) / 3 as many_little
        from usage_counters u join subscriptions s on s.customer_id = u.customer_id join plan_entitlements e on e.plan_id = s.plan_id and e.feature_id = u.feature_id`),
    ).toEqual({ beyond: 0, unguarded: 0, strange: 0, some_full: true, many_little: true });
    expect(
      await numbers(`select count(*)::int as outside from usage_ledger l join subscriptions s on s.customer_id = l.customer_id
        where l.occurred_at < greatest(l.window_start, s.started_at) or l.occurred_at > least(now(), coalesce(s.ended_at, now()))`),
    ).toEqual({ outside: 0 });
  });

  it('leaves usage statistics to be built from the beginning', async () => {
    // As after a later run of a worker: all entries are final then.
    await database.query(`update usage_sums set looked_at = now() + interval '2 minutes'`);
    while (await service.app.get(UsageSeriesService).rollUpNext());
    const sums = await numbers(
      'select sum(quantity)::float8 as quantity, sum(records)::float8 as records from usage_by_hour',
    );
    expect(sums).toEqual(
      await numbers('select sum(quantity)::float8 as quantity, count(*)::float8 as records from usage_ledger'),
    );
    expect(sums['records']).toBeGreaterThan(CUSTOMERS);
  });

  it('distributes plans and statuses as configured', async () => {
    const plans = Object.fromEntries(
      (
        await database.query<{ plan: string; share: number }>(
          `select plan_key as plan, count(*)::float8 * 100 / ${CUSTOMERS} as share from ${SEEDED} group by 1`,
        )
      ).map(({ plan, share }) => [plan, share]),
    );
    const fates =
      await numbers(`select avg(case when ended_at is null and current_period_end between now() and now() + interval '7 days' then 100 else 0 end)::float8 as expiring,
      avg(case when created_at > now() - interval '7 days' then 100 else 0 end)::float8 as new, avg(case when canceled_at > now() - interval '14 days' then 100 else 0 end)::float8 as canceled,
      avg(case when status = 'canceled' then 100 else 0 end)::float8 as ending, avg(case when ended_at is not null then 100 else 0 end)::float8 as ended from ${SEEDED}`);
    const meant: Record<string, number> = { ...PLANS, expiring: 20, new: 15, canceled: 10, ending: 5, ended: 5 };
    const wrong = Object.entries({ ...plans, ...fates }).filter(
      ([name, share]) => !(Math.abs(share - meant[name]!) <= TOLERANCE),
    );
    expect(wrong).toEqual([]);
    const statuses = await database.query<{ status: string }>(`select distinct status from ${SEEDED} order by 1`);
    expect(statuses.map(({ status }) => status)).toEqual(['active', 'canceled', 'expired', 'inactive', 'trialing']);
  });

  it('writes subscriptions that the service itself would have produced', async () => {
    const now = new Date();
    for (const { subscription, trialDays, dueAt: due, sequence, key } of await seeded(10)) {
      let steps = 1;
      const passTime = (subscription: Subscription, at: Date): Subscription => {
        const passed = dueTransitions(subscription, at);
        steps += passed.length;
        return passed.at(-1)?.subscription ?? subscription;
      };
      const { id, customerId, productId, quantity, timezone, createdAt, canceledAt, status } = subscription;
      const plan = {
        planId: subscription.planId,
        planVersion: subscription.planVersion,
        planKey: subscription.planKey,
        planName: subscription.planName,
        price: subscription.price,
      };
      const made = start(
        {
          id,
          customerId,
          productId,
          quantity,
          timezone,
          plan,
          trialDays,
          testClockId: null,
          startsAt: null,
          billingAnchor: null,
          autoRenew: true,
          indefinite: false,
          usageSince: null,
        },
        createdAt,
      );
      let expected = made.subscription;
      if (canceledAt) {
        expected = cancel(
          passTime(expected, canceledAt),
          status === 'inactive' ? 'now' : 'period_end',
          canceledAt,
        ).subscription;
        steps++;
      }
      expected = passTime(expected, now);
      // Transitions that have become due since the seed wrote the row.
      const since = dueTransitions(subscription, now);
      const { updatedAt: _, ...written } = since.at(-1)?.subscription ?? subscription;
      const { updatedAt: __, ...wanted } = expected;
      expect({ key, ...written, sequence: sequence + since.length, due }).toEqual({
        key,
        ...wanted,
        sequence: steps,
        due: dueAt(subscription),
      });
    }
  }, 60_000);

  it('writes the last event of each subscription in full and publishes nothing', async () => {
    expect(
      await numbers(`select count(*) filter (where e.sequence <> q.last - e.of + e.nth)::int as gaps, count(*) filter (where not (e.after ? 'usagePeriodStart') and e.nth = 1)::int as halves,
        count(distinct e.subject_id)::int as subjects, count(o.event_id)::int as waiting
        from (select *, row_number() over (partition by subject_id order by id) as nth, count(*) over (partition by subject_id) as of from events
          where subject_type = 'subscription' and product_id = (select id from products where key = 'seed')) e
        join event_sequences q using (subject_id) left join event_outbox o on o.event_id = e.id`),
    ).toEqual({ gaps: 0, halves: 0, subjects: CUSTOMERS, waiting: 0 });
  });

  it('the service serves the seeded data', async () => {
    const some = await seeded(100);
    for (const { key, subscription } of some) {
      const { status, body } = await service.admin('GET', `/v1/customers/${key}/subscription?product=seed`);
      const live = {
        status: 200,
        body: { id: subscription.id, status: subscription.status, plan: { key: subscription.planKey } },
      };
      expect({ status, body }).toMatchObject(isLive(subscription.status) ? live : { status: 404 });
    }
    for (const { key, subscription } of some.filter((one) => isLive(one.subscription.status))) {
      const send = (route: string): ReturnType<TestApp['admin']> =>
        service.admin('POST', `/v1/${route}`, { body: { customer: key, product: 'seed', feature: 'api_calls' } });
      const [counter] = await database.query<{ used: string; limit: string | null }>(
        `select e.terms ->> 'limit' as "limit", coalesce((select used from usage_counters u where u.customer_id = $1 and u.feature_id = e.feature_id and u.window_start = $2), 0) as used
         from plan_entitlements e join features f on f.id = e.feature_id where e.plan_id = $3 and f.key = 'api_calls'`,
        [subscription.customerId, subscription.usagePeriodStart, subscription.planId],
      );
      const [used, limit] = [Number(counter!.used), Number(counter!.limit)];
      const more = used < limit || subscription.planKey === 'enterprise';
      expect((await send('check')).body).toMatchObject({
        allowed: more,
        used,
        limit,
        windowStart: subscription.usagePeriodStart.toISOString(),
      });
      expect((await send('usage/consume')).body).toMatchObject({ allowed: more, used: more ? used + 1 : used, limit });
    }
    expect(await service.app.get(UsageChecker).checkAll()).toEqual({ wrong: 0, unchecked: [] });
  }, 60_000);

  it('seeded customers at their limit are denied', async () => {
    const full = await database.query<{ key: string; feature: string }>(
      `select c.key, f.key as feature from usage_counters u join customers c on c.id = u.customer_id join features f on f.id = u.feature_id
       join subscriptions s on s.customer_id = c.id where u.used = u.hard_limit and u.window_name <> 'day' and s.ended_at is null order by 1 limit 10`,
    );
    expect(full.length).toBe(10);
    for (const { key, feature } of full) {
      const { body } = await service.admin('POST', '/v1/usage/consume', {
        body: { customer: key, product: 'seed', feature },
      });
      expect(body).toMatchObject({ allowed: false, reason: 'limit_reached', remaining: 0 });
    }
  });

  it.each([
    ['an option that it does not know', ['--costumers', '5'], {}, '--costumers'],
    ['a number that is none', ['--customers', '1e3'], {}, '--customers must be a whole number'],
    ['production', ['--customers', '5'], { NODE_ENV: 'production' }, '--yes-production'],
    ['a product with a different catalogue', ['--customers', '5', '--product', 'api'], {}, 'has a different catalogue'],
  ])(
    'rejects %s',
    async (_, args, environment, message) => {
      const { code, output } = await ended(run(args, environment));
      expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining(message) });
    },
    60_000,
  );
});
