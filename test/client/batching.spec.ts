import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Tollgate, type TollgateError, type TollgateOptions } from '@tollgate/client';
import { startService, type TestApp } from '../support/app.js';
import { documentedFetch } from '../support/contract.js';
import { applyMeteredProduct, createApiKey, uniqueName } from '../support/fixtures.js';

interface Item {
  customer: string;
  feature: string;
  quantity?: number;
  idempotencyKey?: string;
}
interface SentRequest {
  path: string;
  /** The calls in it. */
  items: Item[];
  signal: AbortSignal;
}

const json = (status: number, body: object, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

/** A service that answers by the customer of a call: `absent`, `invalid`, `broken`, `refused`; others are allowed. */
const PROBLEMS: Record<string, { status: number; code: string; errors?: object[]; retryAfterSeconds?: number }> = {
  absent: { status: 404, code: 'customer_not_found' },
  invalid: { status: 422, code: 'invalid_fields', errors: [{ field: 'customer', message: 'is invalid' }] },
  broken: { status: 500, code: 'internal_error' },
  limited: { status: 429, code: 'rate_limited', retryAfterSeconds: 30 },
};
const MAX_ITEMS = 6;
const decisionOf = ({ customer, feature, quantity = 1 }: Item): object => ({
  allowed: customer !== 'refused',
  customer,
  feature,
  requested: quantity,
});

function answer({ path, items }: SentRequest): Response {
  const isBatch = path === '/v1/checks' || path === '/v1/usage/consumptions';
  if (!isBatch) {
    const { retryAfterSeconds, ...problem } = PROBLEMS[items[0]!.customer] ?? { status: 200 };
    const headers = { 'retry-after': String(retryAfterSeconds) };
    return problem.status === 200
      ? json(200, decisionOf(items[0]!))
      : json(problem.status, problem, retryAfterSeconds ? headers : {});
  }
  if (items.length > MAX_ITEMS) return json(413, { status: 413, code: 'body_too_large' });
  if (items.some(({ customer }) => customer === 'invalid'))
    return json(422, { status: 422, code: 'invalid_fields', errors: [{ field: 'checks.0.customer' }] });
  return json(200, { results: items.map((item) => PROBLEMS[item.customer] ?? decisionOf(item)) });
}

/** A client whose requests `respond` answers, and the list of its requests. */
function clientOf(
  respond: (request: SentRequest) => Promise<Response> | Response,
  options: Partial<TollgateOptions> = {},
): { client: Tollgate; sent: SentRequest[] } {
  const sent: SentRequest[] = [];
  const fetch = async (input: unknown): Promise<Response> => {
    const request = input as Request;
    const body = (await request.clone().json()) as { checks?: Item[]; consumptions?: Item[] } & Item;
    const own = { ...body, idempotencyKey: request.headers.get('idempotency-key') ?? undefined };
    const one: SentRequest = {
      path: new URL(request.url).pathname,
      items: body.checks ?? body.consumptions ?? [own],
      signal: request.signal,
    };
    sent.push(one);
    const aborted = new Promise<never>((_, reject) =>
      request.signal.addEventListener('abort', () => reject(request.signal.reason as Error)),
    );
    return Promise.race([respond(one), aborted]);
  };
  const client = new Tollgate({
    baseUrl: 'http://tollgate.test',
    apiKey: 'tg_x',
    deadlineMs: 5_000,
    fetch: fetch,
    ...options,
  });
  return { client, sent };
}

const never = new Promise<never>(() => undefined);
const shapeOf = (sent: SentRequest[]): string[] =>
  sent.map(({ path, items }) => `${path} ${items.map(({ customer }) => customer).join(' ')}`);
const outcomeOf = (call: Promise<object>): Promise<object> =>
  call.then(
    (decision) => ({ decision }),
    ({ name, status, code, message, problem, retryAfterSeconds }: TollgateError) => ({
      ...{ name, status, code, message, retryAfterSeconds },
      errors: problem?.errors ?? null,
    }),
  );
const call = (customer: string): Item => ({ customer, feature: 'calls' });

describe('the batching of the TypeScript client', () => {
  it('sends a call alone, and the calls made while it is under way in one batch', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const { client, sent } = clientOf(async (request) => (await released, answer(request)));
    const answers = ['a', 'b', 'c', 'd'].map((customer) => client.check(call(customer)));
    const consumed = client.consume(call('e'));
    while (sent.length < 2) await sleep(1);
    expect(shapeOf(sent)).toEqual(['/v1/check a', '/v1/usage/consume e']);
    release();
    expect(await Promise.all(answers)).toMatchObject(
      ['a', 'b', 'c', 'd'].map((customer) => ({ allowed: true, customer })),
    );
    await consumed;
    expect(shapeOf(sent).slice(2)).toEqual(['/v1/checks b c d']);
    await client.check(call('f'));
    expect(shapeOf(sent).slice(3)).toEqual(['/v1/check f']);
  });

  it('sends each call alone with batching: false', async () => {
    const { client, sent } = clientOf(answer, { batching: false });
    await Promise.all(['a', 'b', 'c'].map((customer) => client.consume(call(customer))));
    expect(shapeOf(sent).sort()).toEqual(['/v1/usage/consume a', '/v1/usage/consume b', '/v1/usage/consume c']);
  });

  it('gives every call the decision or error of a single call, for any interleaving', async () => {
    const customers = fc.constantFrom('a', 'b', 'refused', ...Object.keys(PROBLEMS));
    const calls = fc.array(
      fc.record({
        kind: fc.constantFrom('check' as const, 'consume' as const),
        customer: customers,
        quantity: fc.integer({ min: 1, max: 3 }),
        delayMs: fc.integer({ min: 0, max: 4 }),
      }),
      { minLength: 1, maxLength: 25 },
    );
    const latencies = fc.infiniteStream(fc.integer({ min: 0, max: 4 }));
    await fc.assert(
      fc.asyncProperty(calls, latencies, async (planned, latency) => {
        const outcomes = [true, false].map((batching) => {
          const respond = async (request: SentRequest): Promise<Response> => {
            await sleep(latency.next().value);
            return answer(request);
          };
          const { client } = clientOf(respond, { batching });
          return Promise.all(
            planned.map(async ({ kind, customer, quantity, delayMs }) => {
              await sleep(delayMs);
              return outcomeOf(client[kind]({ ...call(customer), quantity }));
            }),
          );
        });
        const [together, alone] = await Promise.all(outcomes);
        expect(together).toEqual(alone);
      }),
      { numRuns: 60 },
    );
  });

  it('a request that hangs does not keep later calls from an answer, and ends at its own deadline', async () => {
    const { client, sent } = clientOf((request) => (request.items[0]!.customer === 'stuck' ? never : answer(request)), {
      deadlineMs: 1_000,
    });
    let stuckEnded = false;
    const stuck = outcomeOf(client.check(call('stuck'))).finally(() => (stuckEnded = true));
    expect(await Promise.all([client.check(call('a')), client.check(call('b'))])).toMatchObject([
      { customer: 'a' },
      { customer: 'b' },
    ]);
    expect(stuckEnded).toBe(false);
    expect(await stuck).toMatchObject({ status: 0, code: 'no_answer' });
    expect(shapeOf(sent)).toEqual(['/v1/check stuck', '/v1/checks a b']);
  });

  it('a batch without a response is aborted when the deadline of its last call has passed', async () => {
    const { client, sent } = clientOf((request) => (request.items.length > 1 ? never : answer(request)), {
      deadlineMs: 150,
      onUnavailable: 'allow',
    });
    const calls = ['a', 'b', 'c'].map((customer) => client.consume(call(customer)));
    expect(await Promise.all(calls)).toMatchObject([
      { customer: 'a', allowed: true },
      { customer: 'b', allowed: true, degraded: true },
      { customer: 'c', allowed: true, degraded: true },
    ]);
    expect(sent[1]).toMatchObject({ path: '/v1/usage/consumptions', signal: { aborted: true } });
  });

  it('retries the calls of a failed batch, each with its own idempotency key', async () => {
    let failures = 0;
    const { client, sent } = clientOf((request) =>
      request.items.length > 1 && failures++ === 0
        ? json(503, { status: 503, code: 'database_unavailable' })
        : answer(request),
    );
    const requests = ['a', 'b', 'c'].map((customer) => ({ ...call(customer), idempotencyKey: `key of ${customer}` }));
    expect(await Promise.all(requests.map((request) => client.consume(request)))).toMatchObject([
      { allowed: true },
      { allowed: true },
      { allowed: true },
    ]);
    const keys = sent.flatMap(({ items }) => items.map(({ customer, idempotencyKey }) => [customer, idempotencyKey]));
    expect(keys.length).toBeGreaterThan(4);
    for (const [customer, key] of keys) expect(key).toBe(`key of ${customer}`);
  });

  it('a result of a batch with retryAfterSeconds is not retried before that time', async () => {
    const { client, sent } = clientOf(answer);
    const calls = ['a', 'limited', 'b'].map((customer) => outcomeOf(client.check(call(customer))));
    expect((await Promise.all(calls))[1]).toMatchObject({ code: 'rate_limited', retryAfterSeconds: 30 });
    expect(shapeOf(sent)).toEqual(['/v1/check a', '/v1/checks limited b']);
  });

  it('sends at most 1,000 calls in a batch', async () => {
    const { client, sent } = clientOf(async ({ items }) => {
      await sleep(1);
      return items.length === 1 ? json(200, decisionOf(items[0]!)) : json(200, { results: items.map(decisionOf) });
    });
    await Promise.all(Array.from({ length: 2_500 }, (_, index) => client.check(call(`c${index}`))));
    expect(sent.reduce((sum, { items }) => sum + items.length, 0)).toBe(2_500);
    expect(Math.max(...sent.map(({ items }) => items.length))).toBe(1_000);
  });
});

describe('the batching of the TypeScript client with the service', () => {
  const product = uniqueName('batched');
  let service: TestApp & { stop: () => Promise<void> };
  let apiKey: string;

  beforeAll(async () => {
    service = await startService();
    await applyMeteredProduct(service, product, 100);
    ({ key: apiKey } = await createApiKey(service));
  });
  afterAll(() => service.stop());

  it('counts each call once and gives an invalid call its own error', async () => {
    const name = uniqueName('buyer');
    await service.call('PUT', `/v1/customers/${name}`, { token: apiKey, body: { product } });
    const paths: string[] = [];
    const outcomes = async (batching: boolean, customer: string): Promise<object[]> => {
      const options = { baseUrl: service.url, apiKey, product, deadlineMs: 10_000, batching };
      const recorded = (async (request: Request) => {
        paths.push(new URL(request.url).pathname);
        return documentedFetch(request);
      }) as typeof fetch;
      const client = new Tollgate({ ...options, fetch: recorded });
      return Promise.all(
        [
          ...Array.from({ length: 20 }, () => ({ quantity: 2 })),
          { quantity: 0 },
          { feature: 'absent' },
          { customer: 'absent' },
          { quantity: 101 },
          { idempotencyKey: 'with space' },
          { properties: { text: 'x'.repeat(11_000) } },
        ].map((own) =>
          outcomeOf(client.consume({ customer, feature: 'calls', ...own })).then((outcome) =>
            'decision' in outcome
              ? { allowed: (outcome.decision as { allowed: boolean }).allowed }
              : { ...outcome, message: null },
          ),
        ),
      );
    };
    const together = await outcomes(true, name);
    expect(paths).toContain('/v1/usage/consumptions');
    const single = uniqueName('buyer');
    await service.call('PUT', `/v1/customers/${single}`, { token: apiKey, body: { product } });
    expect(together).toEqual(await outcomes(false, single));
    for (const customer of [name, single]) {
      const { body } = await service.call('POST', '/v1/check', {
        token: apiKey,
        body: { customer, product, feature: 'calls' },
      });
      expect(body.used).toBe(40);
    }
  });
});
