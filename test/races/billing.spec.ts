import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventPublisher } from '@app/events';
import { Database } from '@app/platform';
import { DueSubscriptionsService } from '@app/subscriptions';
import {
  BillingChecker,
  BillingRun,
  type Invoice,
  InvoicesRepository,
  type SandboxBehavior,
  UsageChargesChecker,
} from '@app/billing';
import { Finalizer } from '../../libs/billing/src/finalizer.service.js';
import { type ApiResponse, type Call, createCall, startApp, TestClock, type TestApp } from '../support/app.js';
import { addTestMethod, runBilling } from '../support/billing.js';
import { BILLED_OTHERWISE } from '../harness/invariants/billed-timeline.mjs';
import { periodDraft } from '../support/billing-rows.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { createApiKey, inParallel, uniqueName } from '../support/fixtures.js';

const START = '2027-05-01T00:00:00.000Z';
const CUSTOMERS = 20;
const LIMIT = 5;
const CONSUMES = 2_400;
const METHODS: SandboxBehavior[] = [
  ...(['succeeds', 'succeeds', 'succeeds', 'times_out', 'succeeds_late', 'declined', 'disputed'] as const),
  'requires_action',
];
/** Months, and bursts of commands in each. */
const MONTHS = ['2027-08-01T00:00:00.000Z', '2027-09-01T00:00:00.000Z'];
const BURSTS = 3;

describe('billing by several workers', () => {
  const clock = new TestClock();
  let database: TestDatabase;
  let workers: TestApp[];
  let call: Call;
  let key: string;

  const apply = async (billing: object = {}, interval = 'month'): Promise<string> => {
    const product = uniqueName('raced');
    const price = (amount: number) => [{ interval, amount, currency: 'USD' }];
    const usagePrice = { model: 'per_unit', unitAmount: '0.03', currency: 'USD' };
    const metered = { type: 'metered', limit: LIMIT, overage: 'allow', usagePrice };
    const entitlements = [
      { feature: 'calls', window: 'billing_period', ...metered },
      { feature: 'daily', window: 'day', ...metered },
    ];
    const { status, body } = await call('POST', '/v1/catalog/apply', {
      body: {
        product: { key: product, name: product },
        billing: { provider: 'manual', netDays: 365, usageGraceHours: 0, dunning: { finally: 'keep' }, ...billing },
        features: ['calls', 'daily'].map((feature) => ({ key: feature, name: feature, type: 'metered' })),
        plans: [
          { key: 'small', name: 'Small', prices: price(10_000), entitlements },
          { key: 'large', name: 'Large', prices: price(30_000), entitlements },
        ],
        assignment: [{ plan: 'small' }],
      },
    });
    if (status !== 200) throw new Error(JSON.stringify(body));
    return product;
  };
  const productIdOf = async (key: string): Promise<string> =>
    (await database.query<{ id: string }>('select id from products where key = $1', [key]))[0]!.id;
  const customerOf = async (product: string) => {
    const key = uniqueName('raced');
    const { body } = await call('PUT', `/v1/customers/${key}`, { body: { product } });
    const [row] = await database.query<{ id: string }>('select id from customers where key = $1', [key]);
    return { key, id: row!.id, subscription: body.subscription.id as string };
  };
  const serialsOf = async (productId: string): Promise<number[]> =>
    (
      await database.query<{ serial: number }>(
        'select serial::float8 as serial from invoices where product_id = $1 and serial is not null order by serial',
        [productId],
      )
    ).map(({ serial }) => serial);
  /** Publishes events and bills on all workers at the same time, until nothing is due. */
  const bill = async (): Promise<void> => {
    while ((await workers[0]!.app.get(EventPublisher).publish()) > 0);
    await Promise.all(
      workers.map(async ({ app }) => {
        while (await app.get(BillingRun).runDue());
      }),
    );
  };
  /** Applies due transitions of subscriptions, and publishes their events. */
  const renew = async ({ app }: TestApp): Promise<void> => {
    await app.get(DueSubscriptionsService).processDue();
    while ((await app.get(EventPublisher).publish()) > 0);
  };
  const usageMismatches = async (): Promise<object> => {
    const checker = workers[0]!.app.get(UsageChargesChecker);
    const page = { after: null, limit: 1_000 };
    const { mismatches, invoices, after } = await checker.usageChargesMismatch(page, { late: true });
    return { mismatches, invoices, after };
  };
  const draft = (productId: string, customerId: string): Invoice =>
    periodDraft({ productId, customerId }, new Date(START));
  const insert = ({ app }: TestApp, drafts: Invoice[]): Promise<unknown> =>
    app.get(Database).transaction(() => app.get(InvoicesRepository).insertMany(drafts));

  beforeAll(async () => {
    clock.set(START);
    database = await createTestDatabase();
    workers = await inParallel(4, 1, () => startApp({ database, clock }));
    ({ call, key } = await createApiKey(workers[0]!));
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await database.drop();
  });

  it('invoice each start and each renewal once, while plans are changed', async () => {
    const key = await apply();
    const product = await productIdOf(key);
    const customers = await inParallel(CUSTOMERS, 4, () => customerOf(key));
    await bill();
    expect(await serialsOf(product)).toHaveLength(CUSTOMERS);
    clock.set('2027-05-16T12:00:00.000Z');
    const changes = inParallel(CUSTOMERS, 4, (index) =>
      call('POST', `/v1/subscriptions/${customers[index]!.subscription}/change`, {
        body: { plan: 'large', when: 'now' },
      }),
    );
    await Promise.all([changes, bill()]);
    await bill();
    clock.set('2027-06-01T00:00:00.000Z');
    const renew = ({ app }: TestApp): Promise<unknown> => app.get(DueSubscriptionsService).processDue();
    await Promise.all([...workers.map(renew), bill()]);
    await bill();
    const billed = await database.query(
      `select purpose, total::float8 as total, count(*)::int as count from invoices where product_id = $1 and status <> 'draft' group by 1, 2 order by 1, 2`,
      [product],
    );
    expect(billed).toEqual([
      { purpose: 'change', total: 10_000, count: CUSTOMERS },
      { purpose: 'period', total: 10_000, count: CUSTOMERS },
      { purpose: 'period', total: 30_000, count: CUSTOMERS },
    ]);
    expect(await serialsOf(product)).toEqual(Array.from({ length: 3 * CUSTOMERS }, (_, index) => index + 1));
  }, 60_000);

  it('finalize and void an invoice once for concurrent callers', async () => {
    const key = await apply();
    const { key: customer } = await customerOf(key);
    const lines = [{ description: 'Workshop', quantity: 2, unitAmount: 50_000 }];
    const { body } = await call('POST', '/v1/invoices', { body: { customer, product: key, currency: 'USD', lines } });
    const command = (name: string) =>
      inParallel(8, 8, () => call('POST', `/v1/invoices/${body.id}/${name}`, { body: { reason: 'raced' } }));
    for (const name of ['finalize', 'void']) {
      const statuses = (await command(name)).map(({ status }) => status).sort();
      expect(statuses).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
    }
    expect((await call('GET', `/v1/invoices/${body.id}`)).body).toMatchObject({
      status: 'void',
      due: 0,
      number: 'INV-2027-000001',
      total: 100_000,
    });
    const events = await database.query<{ type: string }>('select type from events where subject_id = $1 order by id', [
      body.id,
    ]);
    expect(events.map(({ type }) => type)).toEqual(['invoice.created', 'invoice.finalized', 'invoice.voided']);
  });

  it('issue a credit note of one key once, and spend the credit balance once', async () => {
    const product = await apply({ provider: 'sandbox' });
    const { key: customer } = await customerOf(product);
    await addTestMethod({ ...workers[0]!, admin: call }, { customer, product, behavior: 'succeeds' });
    const draftOf = async (unitAmount: number): Promise<string> => {
      const lines = [{ description: 'Workshop', unitAmount }];
      return (await call('POST', '/v1/invoices', { body: { customer, product, currency: 'USD', lines } })).body.id;
    };
    const onEach = <T>(
      work: (post: (at: string, body?: object) => Promise<ApiResponse>, index: number) => Promise<T>,
    ) =>
      Promise.all(
        workers.map(({ url }, index) => {
          const headers = { 'idempotency-key': product };
          return work((at, body = {}) => createCall(url)('POST', at, { token: key, body, headers }), index);
        }),
      );
    const paid = `/v1/invoices/${await draftOf(1_500)}`;
    await call('POST', `${paid}/finalize`, { body: {} });
    expect((await call('POST', `${paid}/pay`, { body: {} })).body).toMatchObject({ status: 'succeeded' });
    const notes = await onEach((post) =>
      post(`${paid}/credit-notes`, { amount: 1_000, to: 'balance', reason: 'raced' }),
    );
    expect(new Set(notes.map(({ status, body }) => `${status} ${body.id ?? body.code}`)).size).toBe(1);
    const drafts = await inParallel(workers.length, 1, () => draftOf(600));
    const answers = await onEach((_, index) =>
      createCall(workers[index]!.url)('POST', `/v1/invoices/${drafts[index]!}/finalize`, { token: key, body: {} }),
    );
    expect(answers.map(({ status, body }) => [status, body.paid]).sort()).toEqual([
      [200, 0],
      [200, 0],
      [200, 400],
      [200, 600],
    ]);
    expect((await call('GET', `/v1/customers/${customer}/credit-balance`)).body.balances).toMatchObject([
      { balance: 0 },
    ]);
  });

  it('add up after all commands and jobs at the same time, over months', async () => {
    clock.set('2027-07-01T00:00:00.000Z');
    const product = await apply({ provider: 'sandbox', dunning: { retryDays: [1, 3], finally: 'keep' } });
    const id = await productIdOf(product);
    const payers: Awaited<ReturnType<typeof customerOf>>[] = [];
    for (const behavior of METHODS) {
      const payer = await customerOf(product);
      await addTestMethod({ ...workers[0]!, admin: call }, { customer: payer.key, product, behavior });
      payers.push(payer);
    }
    await runBilling(workers[0]!);
    const answers: ApiResponse[] = [];
    let sent = 0;
    const send = async (at: string, body: object = {}): Promise<void> => {
      const { url } = workers[sent++ % 4]!;
      answers.push(await createCall(url)('POST', at, { token: key, body }));
    };
    /** All commands on each invoice and subscription, over all instances. */
    const commands = async (burst: number): Promise<void> => {
      const invoices = await database.query<{ id: string; payment: string | null }>(
        `select i.id, (select p.id from payments p where p.customer_id = i.customer_id and p.invoice_id = i.id order by p.attempt desc limit 1) as payment
         from invoices i where i.product_id = $1 order by i.id desc limit 8`,
        [id],
      );
      const reason = 'raced';
      await Promise.all([
        ...invoices.flatMap((invoice) => {
          const at = `/v1/invoices/${invoice.id}`;
          return [
            ...['finalize', 'void', 'mark-uncollectible', 'pay'].map((name) =>
              send(`${at}/${name}`, name === 'pay' ? {} : { reason }),
            ),
            send(`${at}/credit-notes`, { amount: 700 + burst, to: burst % 2 ? 'refund' : 'balance', reason }),
            ...(invoice.payment ? [send(`/v1/payments/${invoice.payment}/refund`, { amount: 900, reason })] : []),
          ];
        }),
        ...payers.map(({ subscription }, index) =>
          send(`/v1/subscriptions/${subscription}/change`, {
            plan: (index + burst) % 2 ? 'small' : 'large',
            when: 'now',
          }),
        ),
        ...payers.map(({ key: customer }) =>
          send('/v1/usage/consume', { customer, product, feature: 'calls', quantity: 3 }),
        ),
      ]);
    };
    for (const month of MONTHS) {
      clock.set(month);
      for (let burst = 0; burst < BURSTS; burst++) {
        clock.advance(burst * 86_400_000 * 2);
        await Promise.all([
          commands(burst),
          ...workers.map(async (worker) => {
            await renew(worker);
            await runBilling(worker);
          }),
        ]);
      }
    }
    // The rest: retries, charges without confirmation, and usage of the last period.
    for (const days of [3, 30, 3]) {
      clock.advance(days * 86_400_000);
      await renew(workers[0]!);
      await runBilling(workers[0]!);
    }
    expect(answers.filter(({ status }) => status >= 500).map(({ body }) => body)).toEqual([]);
    expect((await workers[0]!.app.get(BillingChecker).checkAll()).mismatches).toEqual([]);
    expect(await usageMismatches()).toEqual({ mismatches: [], invoices: [], after: null });
    const serials = await serialsOf(id);
    expect(serials).toEqual(serials.map((_, index) => index + 1));
    expect(await database.query(BILLED_OTHERWISE)).toEqual([]);
  }, 120_000);

  it('charge each unit beyond the limit on one line, while it is consumed and its windows end', async () => {
    clock.set('2027-12-01T00:00:00.000Z');
    const product = await apply({}, 'hour');
    const payers = await inParallel(4, 4, () => customerOf(product));
    let left = CONSUMES;
    const consuming = inParallel(CONSUMES, 24, async (index) => {
      const { key: customer } = payers[index % 4]!;
      const body = { customer, product, feature: index % 3 ? 'calls' : 'daily', quantity: 1 + (index % 2) };
      const send = createCall(workers[index % 2]!.url);
      const { status, body: answer } = await send('POST', '/v1/usage/consume', { token: key, body });
      expect({ status, allowed: answer.allowed }).toEqual({ status: 200, allowed: true });
      if (--left % 80 === 0) clock.advance(20 * 60_000);
    });
    const billing = workers.slice(2).map(async (worker) => {
      while (left > 0) {
        await renew(worker);
        await worker.app.get(BillingRun).runDue();
      }
    });
    await Promise.all([consuming, ...billing]);
    for (let hour = 0; hour < 3; hour++) {
      clock.advance(3_600_000);
      await renew(workers[0]!);
      await bill();
    }
    expect(await usageMismatches()).toEqual({ mismatches: [], invoices: [], after: null });
    const [units] = await database.query<{ used: number; billed: number }>(
      `with own as (select id from products where key = $1),
       windows as (select sum(l.quantity) as used from usage_ledger l join features f on f.id = l.feature_id
         where f.product_id = (select id from own) group by l.customer_id, l.feature_id, l.window_start),
       lines as (select (l ->> 'quantity')::bigint as quantity from invoices i cross join jsonb_array_elements(i.lines) l
         where i.product_id = (select id from own) and i.status <> 'draft' and l ->> 'feature' is not null)
       select (select sum(greatest(used - $2, 0)) from windows)::float8 as used, (select sum(quantity) from lines)::float8 as billed`,
      [product, LIMIT],
    );
    expect(units!.billed).toBe(units!.used);
    expect(units!.used).toBeGreaterThan(2_000);
  }, 120_000);

  it('void or finalize, not both, of a draft; and a finalized invoice never changes', async () => {
    const key = await apply();
    const { id } = await customerOf(key);
    const own = draft(await productIdOf(key), id);
    await insert(workers[0]!, [own]);
    await Promise.all([bill(), ...workers.map(({ app }) => app.get(Finalizer).runDue())]);
    await expect(database.query(`update invoices set total = 1 where id = $1`, [own.id])).rejects.toThrow(
      /never changes/,
    );
    await expect(database.query(`delete from invoices where id = $1`, [own.id])).rejects.toThrow(/never deleted/);
  });
});
