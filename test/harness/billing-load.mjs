import { outcomeName } from './client.mjs';
import { runRepeatedly, tally, until } from './waiting.mjs';

const DAY_MS = 86_400_000;
const LIMIT = 5;
/** Test methods of the sandbox: declines, lost answers, late outcomes and payers who do not confirm. */
const METHODS = ['succeeds', 'declined', 'times_out', 'succeeds_late', 'disputed', 'requires_action'];
const CLOCKED = ['succeeds', 'times_out', 'declined'];
const CLOCKS_START = '2026-01-15T00:00:00.000Z';
const METHOD_MS = 30_000;
const MIX = { overuse: 30, change: 6, sell: 8, pay: 8, void: 4, credit: 6, refund: 8, advance: 6 };
const REASON = { reason: 'harness' };

/** A product with billing on: usage beyond the limit is charged, and payments go through the sandbox. */
async function billedProduct(world) {
  const key = `billed-${world.history.name}`;
  const usagePrice = { model: 'per_unit', unitAmount: '0.03', currency: 'USD' };
  const plan = (name, amount) => ({
    key: name,
    name,
    prices: [{ interval: 'month', amount, currency: 'USD' }],
    entitlements: [
      { feature: 'units', type: 'metered', limit: LIMIT, window: 'billing_period', overage: 'allow', usagePrice },
    ],
  });
  await world.client.must('POST', '/v1/catalog/apply', {
    body: {
      product: { key, name: key },
      billing: { provider: 'sandbox', usageGraceHours: 0, dunning: { finally: 'keep' } },
      features: [{ key: 'units', name: 'Units', type: 'metered' }],
      plans: [plan('small', 10_000), plan('large', 30_000)],
      assignment: [{ plan: 'small' }],
    },
  });
  return key;
}

/** A customer with a test method, in real time or on a test clock. */
async function payer(world, product, behavior, clock = null) {
  const { client } = world;
  const customer = `payer${++world.serial}-${world.history.name}`;
  const { subscription } = await client.must('PUT', `/v1/customers/${customer}`, {
    body: { product, ...(clock && { testClock: clock.id }) },
  });
  const at = `/v1/customers/${customer}/payment-methods`;
  const { url } = await client.must('POST', `${at}/setup`, { body: { product, returnUrl: '/billing' } });
  const entered = await client.call('POST', new URL(url).pathname, { body: { behavior }, token: null });
  if (entered.status !== 303)
    throw new Error(`The method of ${customer} was not stored: ${entered.status} ${entered.text}`);
  await until(`${customer} has a payment method`, async () => (await client.must('GET', at)).data.length > 0, {
    withinMs: METHOD_MS,
    everyMs: 200,
  });
  return { customer, product, subscription: subscription.id, clock };
}

/** The payers of a world, made at the first load and used by all scenarios. */
async function payersOf(world) {
  const product = await billedProduct(world);
  const payers = await Promise.all(METHODS.map((behavior) => payer(world, product, behavior)));
  for (const behavior of CLOCKED) {
    const { id } = await world.client.must('POST', '/v1/test-clocks', { body: { now: CLOCKS_START } });
    payers.push(await payer(world, product, behavior, { id, now: Date.parse(CLOCKS_START) }));
  }
  return payers;
}

const OPERATIONS = {
  overuse: ({ send, who, random }) =>
    send('overuse', '/v1/usage/consume', {
      customer: who.customer,
      product: who.product,
      feature: 'units',
      quantity: random.between(1, 3),
    }),
  change: ({ send, who, random }) =>
    send('switch', `/v1/subscriptions/${who.subscription}/change`, {
      plan: random.pick(['small', 'large']),
      when: 'now',
    }),
  sell: async ({ send, who, random }) => {
    const lines = [{ description: 'Work', unitAmount: random.between(100, 9_000) }];
    const body = { customer: who.customer, product: who.product, currency: 'USD', lines };
    const invoice = (await send('sell', '/v1/invoices', body)).body;
    if (invoice?.id) await send('finalize', `/v1/invoices/${invoice.id}/finalize`, {});
  },
  pay: (context) => onInvoice(context, 'pay', {}),
  void: (context) => onInvoice(context, 'void', REASON),
  credit: (context) =>
    onInvoice(context, 'credit-notes', {
      amount: context.random.between(1, 2_000),
      to: context.random.pick(['refund', 'balance']),
      ...REASON,
    }),
  refund: async ({ send, read, who, random }) => {
    const payments = (await read(`/v1/payments?customer=${who.customer}&limit=10`)).body?.data ?? [];
    const paid = payments.filter(({ status }) => ['succeeded', 'partially_refunded'].includes(status));
    if (paid.length > 0)
      await send('refund', `/v1/payments/${random.pick(paid).id}/refund`, {
        amount: random.between(1, 3_000),
        ...REASON,
      });
  },
  /** A month at most: renewals, invoices, charges and retries happen while the clock advances. */
  advance: async ({ send, who: { clock }, random }) => {
    if (!clock || clock.isAdvancing) return;
    clock.isAdvancing = true;
    clock.now += random.between(1, 31) * DAY_MS;
    await send('advance', `/v1/test-clocks/${clock.id}/advance`, { to: new Date(clock.now).toISOString() });
    clock.isAdvancing = false;
  },
};

async function onInvoice({ send, read, who, random }, name, body) {
  const invoices = (await read(`/v1/invoices?customer=${who.customer}&limit=10`)).body?.data ?? [];
  if (invoices.length > 0) await send(name, `/v1/invoices/${random.pick(invoices).id}/${name}`, body);
}

/**
 * Usage beyond limits, plan changes, invoices, payments, refunds, and months on test clocks, until `end()`.
 * Each request has an Idempotency-Key and is in the history.
 */
export async function startBilling(world, { concurrency = 2, restMs = 100 } = {}) {
  world.payers ??= await payersOf(world);
  const { history, client } = world;
  const random = world.random.fork('billing');
  const names = [];
  const send = async (op, path, body) => {
    const { answer } = await history.run(client, { op, path, body });
    names.push(`${op} ${outcomeName(answer)}`);
    return answer;
  };
  const read = (path) => client.call('GET', path);
  const stop = runRepeatedly(
    concurrency,
    () => {
      const who = random.pick(world.payers);
      return OPERATIONS[random.weighted(MIX)]({ send, read, random, who });
    },
    { restMs },
  );
  return {
    async end() {
      await stop();
      const internal = names.filter((name) => / 500\b/.test(name));
      world.expect('no internal error of billing', internal.length === 0, tally(internal));
    },
    get names() {
      return tally(names);
    },
  };
}

/** One of everything that the invariants of billing read. */
export async function createBillingData(world) {
  world.payers ??= await payersOf(world);
  const { client } = world;
  const { customer, product, clock } = world.payers.find((one) => one.clock);
  await client.must('POST', '/v1/usage/consume', {
    body: { customer, product, feature: 'units', quantity: 3 * LIMIT },
  });
  clock.now += 40 * DAY_MS;
  await client.must('POST', `/v1/test-clocks/${clock.id}/advance`, { body: { to: new Date(clock.now).toISOString() } });
}
