import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN, type Call, createCall, SECRET_KEY } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type ServiceProcess, startProcess, startWorker, temporaryFolder } from '../support/process.js';

const DUE = 4_000;
const TIMEOUT_MS = 60_000;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('workers that are killed and frozen', () => {
  let database: TestDatabase;
  let service: ServiceProcess;
  let call: Call;
  const environment = { ADMIN_PASSWORD: ADMIN.password, SAMPLE_DATA: 'on', SECRET_KEY, WORKER: 'off' };

  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startProcess(temporaryFolder(), { ...environment, DATABASE_URL: database.url });
    const to = createCall(service.url);
    const { body } = await to('POST', '/v1/auth/login', { body: ADMIN });
    call = (method, path, options = {}) => to(method, path, { token: body.accessToken, ...options });
    await call('PUT', '/v1/customers/template', { body: { product: 'api', plan: 'hourly' } });
    // Half of the subscriptions renew, half expire; all have been due for an hour and a half.
    await database.query(`
      do $$
      declare t subscriptions; c uuid; s uuid; started timestamptz := now() - interval '2 hours 30 minutes';
      begin
        select x.* into t from subscriptions x join customers k on k.id = x.customer_id where k.key = 'template';
        set constraints all deferred;
        for i in 1..${DUE} loop
          c := ('01900000-0000-7000-9000-' || lpad(to_hex(i), 12, '0'))::uuid;
          s := ('01900000-0000-7000-a000-' || lpad(to_hex(i), 12, '0'))::uuid;
          insert into customers select (jsonb_populate_record(x, jsonb_build_object('id', c, 'key', 'due' || i, 'first_subscription_id', s))).* from customers x where key = 'template';
          t.customer_id := c; t.id := s; t.anchor := started; t.started_at := started; t.current_period_start := started; t.usage_period_start := started; t.plan_since := started;
          t.current_period_end := started + interval '1 hour'; t.due_at := t.current_period_end;
          t.cancel_at_period_end := i % 2 = 0; t.status := case when i % 2 = 0 then 'canceled' else 'active' end;
          insert into subscriptions select t.*;
        end loop;
      end $$`);
  }, 120_000);
  afterAll(async () => {
    await service.stop('SIGTERM');
    await database.drop();
  });

  it('every due transition is applied exactly once', async () => {
    const due = async () =>
      (
        await database.query<{ count: number }>(
          `select count(*)::int as count from subscriptions where due_at <= now() and id >= '01900000-0000-7000-a000-000000000000' and id < '01900000-0000-7000-b000-000000000000'`,
        )
      )[0]!.count;
    expect(await due()).toBe(DUE);
    const workers = await Promise.all(Array.from({ length: 4 }, () => startWorker(database.url, environment)));
    const [killed, frozen] = workers;
    // As soon as the first action is done and others are in progress.
    const startedAt = Date.now();
    while ((await due()) === DUE && Date.now() - startedAt < TIMEOUT_MS) await wait(5);
    process.kill(frozen!.pid, 'SIGSTOP');
    await killed!.end('SIGKILL');
    const another = await startWorker(database.url, environment);
    // The database ends the transaction of the frozen worker after 10 s and releases its locks.
    while ((await due()) > 0 && Date.now() - startedAt < TIMEOUT_MS) await wait(50);
    process.kill(frozen!.pid, 'SIGCONT');
    await wait(2_000);
    expect(await due()).toBe(0);
    const filled = `subject_id between '01900000-0000-7000-a000-000000000000' and '01900000-0000-7000-afff-ffffffffffff'`;
    const events = await database.query(
      `select type, count(*)::int as count, count(distinct subject_id)::int as subjects from events where ${filled} group by type order by type`,
    );
    expect(events).toEqual([
      { type: 'subscription.expired', count: DUE / 2, subjects: DUE / 2 },
      { type: 'subscription.renewed', count: DUE, subjects: DUE / 2 },
    ]);
    const [actions] = await database.query<{ count: number }>(
      `select count(*)::int as count from subscription_actions`,
    );
    expect(actions!.count).toBeGreaterThanOrEqual((DUE * 3) / 2);
    const [gaps] = await database.query<{
      count: number;
    }>(`select count(*)::int as count from subscriptions s where id between '01900000-0000-7000-a000-000000000000' and '01900000-0000-7000-afff-ffffffffffff'
      and version <> 1 + (select count(*) from events e where e.subject_id = s.id)`);
    expect(gaps!.count).toBe(0);
    await Promise.all([workers[1]!, workers[2]!, workers[3]!, another].map((worker) => worker.end('SIGTERM')));
  }, 150_000);
});
