import { createHmac, randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { type Config, Keyring } from '@app/platform';
import { SECRET_KEY } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';
import { waitForBlockedStatements, withOpenTransaction } from '../support/transactions.js';
import { type SecurityCase, sendRaw, statusOf, type World } from './world.js';

const STRIPE_WEBHOOK_SECRET = 'whsec_of_the_security_tests';

/** A service with all providers. No case lets it call Stripe. */
export const PROVIDER_SETTINGS = {
  STRIPE_SECRET_KEY: 'sk_test_of_the_security_tests',
  STRIPE_WEBHOOK_SECRET,
  STRIPE_API_URL: 'http://127.0.0.1:9',
};

const TOLERANCE_S = 300;
/** A clock is read between the signature and its check. */
const MARGIN_S = 5;
const MAX_REFUSAL_MS = 50;
const keyring = new Keyring({ secretKey: SECRET_KEY } as Config);

type Provider = 'sandbox' | 'stripe';
const PROVIDERS: Provider[] = ['sandbox', 'stripe'];

const digests: Record<Provider, (text: string) => string> = {
  sandbox: (text) => keyring.sign('sandbox-webhook', text).toString('hex'),
  stripe: (text) => createHmac('sha256', STRIPE_WEBHOOK_SECRET).update(text).digest('hex'),
};

const seconds = (): number => Math.floor(Date.now() / 1_000);
const signatureOf = (provider: Provider, body: string, timestamp: number | string = seconds()): string =>
  `t=${timestamp},v1=${digests[provider](`${timestamp}.${body}`)}`;

/** The body of an event of each provider. */
const eventOf = (provider: Provider, given: { id?: string; type?: string } = {}, object: object = {}): string => {
  const { id = `evt_${randomUUID()}`, type = 'invoice.sent' } = given;
  return JSON.stringify(
    provider === 'sandbox' ? { id, type, ...object } : { id, type, livemode: false, data: { object } },
  );
};

/** Sends an event. @returns the status, and the time to the answer */
async function send(
  { services }: Pick<World, 'services'>,
  provider: Provider,
  body: string,
  { signature, instance = services[0] }: { signature?: string | null; instance?: Pick<ServiceProcess, 'url'> } = {},
): Promise<{ status: number; ms: number }> {
  const header = signature === undefined ? signatureOf(provider, body) : signature;
  const startedAt = performance.now();
  const response = await fetch(`${instance.url}/v1/payment-webhooks/${provider}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(header !== null && { [`${provider}-signature`]: header }) },
    body,
  });
  await response.arrayBuffer();
  return { status: response.status, ms: performance.now() - startedAt };
}

const storedEvents = async (
  { database }: World,
  id: string,
): Promise<{ processed_at: Date | null; outcome: string }[]> =>
  database.query('select processed_at, outcome from payment_events where event_id = $1', [id]);

const processed = (world: World, id: string): Promise<unknown> =>
  eventually(async () => (await storedEvents(world, id))[0]?.processed_at ?? null);

/** A setup of the customer of the product `api`, which its payer has completed at the sandbox. */
async function completedSetup({ database, admin, apiCustomer }: World): Promise<string> {
  const billing = { provider: 'sandbox', seller: { name: 'Seller' } };
  await admin.call('PUT', '/v1/products/api/billing', { body: billing });
  const body = { returnUrl: '/billing', product: 'api' };
  const started = await admin.call('POST', `/v1/customers/${apiCustomer}/payment-methods/setup`, { body });
  expect(started.status).toBe(201);
  const id = String(started.body.url).split('/').at(-1)!;
  // As if the payer had, but the sandbox had not sent its event yet.
  const complete = `update sandbox_methods set behavior = 'succeeds', completed_at = now() where id = $1`;
  await database.query(complete, [id]);
  return id;
}

const methodsOf = async (
  { database }: World,
  providerId: string,
): Promise<{ id: string; detached_at: Date | null }[]> =>
  database.query('select id, detached_at from payment_methods where provider_id = $1', [providerId]);

export const PROVIDER_WEBHOOKS: SecurityCase[] = [
  {
    id: 'S-71',
    title: 'an event is refused when its timestamp is missing, or more than 300 s in the past or the future',
    run: async (world) => {
      for (const provider of PROVIDERS) {
        const body = eventOf(provider);
        const timestamps = [seconds() - TOLERANCE_S - 1, seconds() + TOLERANCE_S + MARGIN_S, 0, -1, '1e309', '', 'now'];
        for (const timestamp of timestamps)
          expect([
            timestamp,
            (await send(world, provider, body, { signature: signatureOf(provider, body, timestamp) })).status,
          ]).toEqual([timestamp, 400]);
        const digest = digests[provider](`${seconds()}.${body}`);
        for (const signature of [
          null,
          '',
          `v1=${digest}`,
          `t=${seconds()}`,
          `t=${seconds()},t=${seconds()},v1=${digest}`,
        ])
          expect([signature, (await send(world, provider, body, { signature })).status]).toEqual([signature, 400]);
        for (const distance of [-TOLERANCE_S + MARGIN_S, TOLERANCE_S - MARGIN_S]) {
          const signature = signatureOf(provider, body, seconds() + distance);
          expect((await send(world, provider, body, { signature })).status).toBe(200);
        }
      }
    },
  },
  {
    id: 'S-72',
    title: 'an event that is replayed 100 times concurrently over four instances has one effect',
    run: async (world) => {
      const setup = await completedSetup(world);
      const id = `evt_${randomUUID()}`;
      const body = eventOf('sandbox', { id, type: 'setup.completed' }, { setup });
      // Each has a worker, which competes for the event.
      const settings = { DATABASE_URL: world.database.url, SECRET_KEY, LOG_LEVEL: 'error', ...PROVIDER_SETTINGS };
      const more = await Promise.all([1, 2].map(() => startProcess(world.folder, settings)));
      try {
        const instances = [...world.services, ...more];
        const answers = await Promise.all(
          Array.from({ length: 100 }, (_, index) =>
            send(world, 'sandbox', body, { instance: instances[index % instances.length]! }),
          ),
        );
        expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(200));
        await processed(world, id);
      } finally {
        await Promise.all(more.map(({ stop }) => stop('SIGTERM')));
      }
      expect(await storedEvents(world, id)).toEqual([expect.objectContaining({ outcome: 'applied' })]);
      const [method, ...others] = await methodsOf(world, setup);
      expect(others).toEqual([]);
      const added = `select 1 from events where subject_id = $1 and type = 'payment_method.added'`;
      expect(await world.database.query(added, [method!.id])).toHaveLength(1);
    },
  },
  {
    id: 'S-73',
    title: 'a header with 1,000 signatures, of 1 MB or of another scheme is refused within 50 ms',
    run: async (world) => {
      for (const provider of PROVIDERS) {
        const body = eventOf(provider);
        const [timestamp, digest] = [seconds(), digests[provider](`${seconds()}.${body}`)];
        const many = `t=${timestamp}${`,v1=${'0'.repeat(64)}`.repeat(200)}`;
        for (const signature of [
          many,
          `t=${timestamp},v0=${digest}`,
          `t=${timestamp},v1=`,
          `t=${timestamp},v1=${digest.slice(1)}`,
        ]) {
          await send(world, provider, body, { signature });
          const { status, ms } = await send(world, provider, body, { signature });
          expect(status).toBe(400);
          expect(ms).toBeLessThan(MAX_REFUSAL_MS);
        }
        // Node refuses headers of more than 16 kB.
        for (const length of [1_000 * 68, 1_048_576]) {
          const request = `POST /v1/payment-webhooks/${provider} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n${provider}-signature: ${'x'.repeat(length)}\r\n\r\n{}`;
          expect(statusOf(await sendRaw(world.services[0].url, request, 400))).toBe(431);
        }
      }
    },
  },
  {
    id: 'S-75',
    title: 'events in the wrong order lead to the state of the provider, and never back',
    run: async (world) => {
      const setup = await completedSetup(world);
      await world.database.query('update sandbox_methods set detached_at = now() where id = $1', [setup]);
      const [removed, added, late] = [randomUUID(), randomUUID(), randomUUID()].map((id) => `evt_${id}`);
      await send(world, 'sandbox', eventOf('sandbox', { id: removed!, type: 'method.detached' }, { method: setup }));
      await processed(world, removed!);
      await send(world, 'sandbox', eventOf('sandbox', { id: added!, type: 'setup.completed' }, { setup }));
      await processed(world, added!);
      expect(await methodsOf(world, setup)).toEqual([]);
      // An older event about a method that was stored and then removed.
      const other = await completedSetup(world);
      const stored = `evt_${randomUUID()}`;
      await send(world, 'sandbox', eventOf('sandbox', { id: stored, type: 'setup.completed' }, { setup: other }));
      await processed(world, stored);
      const [method] = await methodsOf(world, other);
      const removal = `/v1/customers/${world.apiCustomer}/payment-methods/${method!.id}`;
      expect((await world.admin.call('DELETE', removal)).status).toBe(204);
      await send(world, 'sandbox', eventOf('sandbox', { id: late!, type: 'method.attached' }, { method: other }));
      await processed(world, late!);
      expect(await methodsOf(world, other)).toEqual([{ id: method!.id, detached_at: expect.any(Date) }]);
    },
  },
  {
    id: 'S-76',
    title: 'unknown types, huge numbers, null objects and additional fields are ignored or refused',
    run: async (world) => {
      const fields = [
        '"type":"of.the.future","data":{"object":{"id":"x","amount":123456789012345678901234567890}}',
        '"type":"payment_intent.succeeded","data":null,"charge":null',
        '"type":"payment_intent.succeeded","data":{"object":null}',
        '"type":"payment_intent.succeeded","data":{"object":{"object":"payment_intent","id":{"a":[1]}}}',
        '"type":"charge.succeeded","data":{"object":{"object":"charge","payment_intent":1e400}}',
        '"type":"x","__proto__":{"own":true},"constructor":null,"extra":[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]',
        '"type":"x","text":"\\u0000 \\ud800"',
      ];
      for (const provider of PROVIDERS) {
        for (const [index, members] of fields.entries()) {
          const body = `{"id":"evt_${provider}_${index}","livemode":false,${members}}`;
          expect([body, (await send(world, provider, body)).status]).toEqual([body, 200]);
        }
        for (const body of [
          'null',
          '[]',
          '1e999',
          '{}',
          '{"id":{},"type":"x"}',
          `{"id":"${'x'.repeat(300)}","type":"x"}`,
          '{',
        ])
          expect([body, (await send(world, provider, body)).status]).toEqual([body, 400]);
      }
      const ids = PROVIDERS.flatMap((provider) => fields.map((_, index) => `evt_${provider}_${index}`));
      for (const id of ids) await processed(world, id);
      const outcomes = await world.database.query<{ outcome: string }>(
        'select distinct outcome from payment_events where event_id = any($1)',
        [ids],
      );
      expect(outcomes).toEqual([{ outcome: 'ignored' }]);
    },
  },
  {
    id: 'S-77',
    title: 'an event whose instance is killed before the commit is processed when the provider repeats it',
    run: async (world) => {
      const { database } = world;
      const setup = await completedSetup(world);
      const id = `evt_${randomUUID()}`;
      const body = eventOf('sandbox', { id, type: 'setup.completed' }, { setup });
      const doomed = await startProcess(temporaryFolder(), { DATABASE_URL: database.url, SECRET_KEY, WORKER: 'off' });
      await withOpenTransaction(database, async (other) => {
        await other.query('lock table payment_events in share row exclusive mode');
        const headers = { 'content-type': 'application/json', 'sandbox-signature': signatureOf('sandbox', body) };
        const request = fetch(`${doomed.url}/v1/payment-webhooks/sandbox`, { method: 'POST', headers, body });
        const answered = request.then(
          ({ status }) => status,
          () => null,
        );
        await waitForBlockedStatements(database, { containing: 'payment_events' });
        await doomed.stop('SIGKILL');
        expect(await answered).toBeNull();
        // Its statement waits on, until its connection is found to be closed.
        const blocked = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like 'insert into payment_events%'`;
        await database.query(blocked);
      });
      expect(await storedEvents(world, id)).toEqual([]);
      expect((await send(world, 'sandbox', body)).status).toBe(200);
      await processed(world, id);
      expect(await methodsOf(world, setup)).toHaveLength(1);
    },
  },
];
