import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiResponse, type Call, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { idsOf, insertCheckout, insertCreditNote, insertInvoice, insertPayment } from '../support/billing-rows.js';
import { deliverDueEvents } from '../support/deliveries.js';
import {
  createApiKey,
  openPortal,
  type RegisteredUser,
  registerUser,
  registerUserWithRole,
  uniqueName,
} from '../support/fixtures.js';
import type { Access, ObjectKind } from './access-rule.js';
import { ACCESS } from './access-table.js';

const ABSENT_ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const OWN_SCOPES = ['subscriptions:read', 'entitlements:read', 'usage:read', 'usage:write'];
const CALLERS = [
  'a user',
  'an API key of a user',
  'an API key of another product',
  'an admin of another product',
  'a portal session',
] as const;
type Caller = (typeof CALLERS)[number];
/** Callers that may count usage. */
const METERING_CALLERS = CALLERS.filter((one) => one !== 'an admin of another product' && one !== 'a portal session');

/** Valid bodies: nothing but the named object is wrong with a request. */
const BODIES: Record<string, object> = {
  'PATCH /v1/webhook-endpoints/:id': { description: 'mine' },
  'POST /v1/webhook-endpoints/:id/redeliver': { from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z' },
  'PATCH /v1/products/:key': { name: 'mine' },
  'PUT /v1/products/:key/portal': { name: 'mine' },
  'PATCH /v1/features/:key': { name: 'mine' },
  'PATCH /v1/add-ons/:key': { name: 'mine' },
  'PATCH /v1/plans/:key': { name: 'mine' },
  'POST /v1/subscriptions/:id/coupons': { coupon: 'launch' },
  'PUT /v1/customers/:customer/billing-profile': { name: 'mine' },
  'PATCH /v1/coupons/:key': { name: 'mine' },
  'POST /v1/invoices': { currency: 'USD', lines: [{ description: 'Mine', unitAmount: 1 }] },
  'POST /v1/invoices/preview': { plan: 'quota' },
  'POST /v1/invoices/:id/void': { reason: 'mine' },
  'POST /v1/invoices/:id/mark-uncollectible': { reason: 'mine' },
  'POST /v1/invoices/:id/mark-paid': { reference: 'mine', reason: 'mine' },
  'POST /v1/invoices/:id/credit-notes': { amount: 1, to: 'balance', reason: 'mine' },
  'POST /v1/payments/:id/refund': { reason: 'mine' },
  'PATCH /v1/tax-rates/:key': { name: 'mine' },
  'POST /v1/plans/:key/moves': { when: 'now' },
  'POST /v1/test-clocks/:id/advance': { to: '2100-01-01T00:00:00Z' },
  'POST /v1/usage/reservations/:id/heartbeat': { ttlSeconds: 60 },
};
/** Routes whose object is named in the query. */
const QUERIES: Record<string, string> = {
  'GET /v1/portal-sessions': 'customer',
  'GET /v1/webhook-deliveries': 'endpoint',
  'GET /v1/audit-log': 'customer',
  'GET /v1/audit-log/export': 'customer',
  'GET /v1/events/stream': 'customer',
  'GET /v1/subscriptions': 'testClock',
  'GET /v1/invoices': 'customer',
  'GET /v1/invoices/export': 'customer',
  'GET /v1/payments': 'customer',
  'GET /v1/payments/export': 'customer',
};
/** Routes whose object is named in the body. */
const IN_BODY = [
  '/v1/invoices',
  '/v1/invoices/preview',
  '/v1/portal-sessions',
  '/v1/subscriptions',
  '/v1/check',
  '/v1/usage/consume',
  '/v1/usage/corrections',
  '/v1/usage/reservations',
];

/** Routes with many objects in the body: each gets its own result in a 200. */
const WITH_RESULTS = ['POST /v1/usage/events', 'POST /v1/checks', 'POST /v1/usage/consumptions'];

/** An object by its id or key, and the other names in the path of its routes. */
interface Named {
  id: string;
  key: string;
  customer: string;
  feature: string;
}

/** True when the access rule itself refuses the caller. */
function isRefused(caller: Caller, { scope, users, portal }: Access): boolean {
  if (caller === 'a portal session') return !portal;
  if (caller === 'a user') return users !== 'owner' && users !== 'user';
  if (caller === 'an admin of another product') return users === undefined || users === 'admin';
  return scope === undefined || (caller === 'an API key of a user' && !OWN_SCOPES.includes(scope));
}

const problemOf = ({ status, body: { instance: _, requestId: __, ...body } }: ApiResponse): object => ({
  status,
  ...body,
});

describe('objects of others', () => {
  let service: TestApp & { database: TestDatabase };
  let calls: Record<Caller, Call>;
  /** For each kind an object of another user, and one of the product `api`. */
  let objects: Record<ObjectKind, Named[]>;

  beforeAll(async () => {
    service = await startService({ environment: { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8' } });
    const ann = await registerUser(service);
    const key = await ann.call('POST', '/v1/api-keys', { body: { name: 'own', scopes: OWN_SCOPES } });
    calls = {
      'a user': ann.call,
      'an API key of a user': (method, path, options = {}) =>
        service.call(method, path, { token: key.body.key, ...options }),
      'an API key of another product': (await createApiKey(service, { product: 'news' })).call,
      'an admin of another product': (await registerUserWithRole(service, { role: 'product_admin', product: 'news' }))
        .call,
      'a portal session': (await openPortal(service, { customer: ann.customer })).call,
    };
    objects = await createObjects();
  }, 60_000);
  afterAll(() => service.stop());

  it('have an object of every kind', () => {
    expect(Object.entries(objects).filter(([, named]) => named.length === 0)).toEqual([]);
  });

  const rows = Object.entries(ACCESS).flatMap(([route, access]) =>
    typeof access.others === 'string' && !WITH_RESULTS.includes(route) ? [[route, access.others, access] as const] : [],
  );
  it.each(rows)('%s answers for the %s of another as for an absent one', async (route, kind, access) => {
    for (const caller of CALLERS) {
      for (const object of objects[kind]) {
        const got = await request(caller, route, object);
        if (isRefused(caller, access)) {
          expect([caller, got.status]).toEqual([caller, 403]);
        } else if (kind === 'product') {
          expect([caller, got.body.code]).toEqual([caller, 'product_not_allowed']);
        } else {
          expect([caller, got.status]).toEqual([caller, 404]);
          const named = { ...object, id: ABSENT_ID, key: 'absent', customer: uniqueName('absent') };
          expect([caller, problemOf(got)]).toEqual([caller, problemOf(await request(caller, route, named))]);
        }
      }
    }
  });

  it('GET /v1/subscriptions lists nothing for the test clock of another product', async () => {
    for (const caller of ['an API key of another product', 'an admin of another product'] as const) {
      const { status, body } = await request(caller, 'GET /v1/subscriptions', objects.clock[0]!);
      expect({ status, data: body.data }).toEqual({ status: 200, data: [] });
    }
  });

  it('POST /v1/usage/events rejects an event of another customer like one of an absent customer', async () => {
    for (const caller of METERING_CALLERS) {
      for (const customer of [...objects.customer.map(({ key }) => key), uniqueName('absent')]) {
        const body = { events: [{ id: uniqueName('event'), customer, feature: 'api_calls', quantity: 1 }] };
        const answer = await calls[caller]('POST', '/v1/usage/events', { body });
        expect(answer.body.results).toMatchObject([{ status: 'rejected', code: 'customer_not_found' }]);
      }
    }
  });

  it.each([
    ['/v1/checks', 'checks'],
    ['/v1/usage/consumptions', 'consumptions'],
  ])('POST %s answers for an item of another customer like for one of an absent customer', async (path, name) => {
    for (const caller of METERING_CALLERS) {
      const keys = [...objects.customer.map(({ key }) => key), uniqueName('absent')];
      const items = keys.map((customer) => ({ customer, feature: 'api_calls' }));
      const { status, body } = await calls[caller]('POST', path, { body: { [name]: items } });
      expect([caller, status]).toEqual([caller, 200]);
      expect(body.results).toEqual(keys.map(() => body.results.at(-1)));
      expect(body.results[0]).toMatchObject({ status: 404, code: 'customer_not_found', instance: path });
    }
  });

  it('PUT /v1/customers/:customer rejects the test clock of another product like an absent one', async () => {
    const put = (testClock: string) =>
      calls['an API key of another product']('PUT', `/v1/customers/${uniqueName('new')}`, { body: { testClock } });
    const [others, absent] = [await put(objects.clock[0]!.id), await put(ABSENT_ID)];
    expect(others).toMatchObject({ status: 404, body: { code: 'test_clock_not_found' } });
    expect(problemOf(others)).toEqual(problemOf(absent));
  });

  it('stay as they were', async () => {
    const read = (path: string) => service.admin('GET', path);
    for (const { id } of objects.subscription)
      expect((await read(`/v1/subscriptions/${id}`)).body).toMatchObject({ version: 1, cancelAtPeriodEnd: false });
    for (const { id } of objects.endpoint)
      expect(
        await service.database.query('select enabled, description from webhook_endpoints where id = $1', [id]),
      ).toEqual([{ enabled: true, description: null }]);
    for (const { id } of objects.apiKey)
      expect(await service.database.query('select revoked_at, replaced_by from api_keys where id = $1', [id])).toEqual([
        { revoked_at: null, replaced_by: null },
      ]);
    for (const { id } of objects.grant)
      expect(await service.database.query('select voided_at from grants where id = $1', [id])).toEqual([
        { voided_at: null },
      ]);
    for (const { id } of objects.reservation)
      expect(await service.database.query('select status from usage_reservations where id = $1', [id])).toEqual([
        { status: 'held' },
      ]);
  });

  function request(caller: Caller, route: string, { id, key, customer, feature }: Named): Promise<ApiResponse> {
    const [method, at] = route.split(' ') as [string, string];
    const names: Record<string, string> = { id: id || ABSENT_ID, key, customer, feature, endpoint: id, testClock: id };
    const path = at.replace(/:(\w+)/g, (_, name: string) => names[name]!);
    const query = QUERIES[route] ? `?${QUERIES[route]}=${names[QUERIES[route]]}` : '';
    const body = { ...BODIES[route], ...(IN_BODY.includes(at) ? { customer } : {}) };
    return calls[caller](method, path + query, method === 'GET' || method === 'DELETE' ? {} : { body });
  }

  /** Objects of a user, and objects of a customer and of services on the product `api`. */
  async function createObjects(): Promise<Record<ObjectKind, Named[]>> {
    const bob = await registerUser(service);
    const api = await createApiKey(service, { product: 'api' });
    const customer = uniqueName('api-customer');
    const put = await api.call('PUT', `/v1/customers/${customer}`, { body: {} });
    const named = (id: string, owner: string, feature: string): Named => ({ id, key: owner, customer: owner, feature });
    const ofBob = (id: string): Named => named(id, bob.customer, 'projects');
    const ofApi = (id: string): Named => named(id, customer, 'api_calls');
    const idOf = ({ status, body }: ApiResponse): string => {
      if (status >= 300) throw new Error(JSON.stringify(body));
      return (body.id ?? body.reservation?.id ?? body.reservationId) as string;
    };
    const endpoint = (call: Call): Promise<ApiResponse> =>
      call('POST', '/v1/webhook-endpoints', { body: { url: 'http://127.0.0.1:18999/hook' } });
    const grant = (owner: string, feature: string, product?: string): Promise<ApiResponse> =>
      service.admin('POST', `/v1/customers/${owner}/grants`, { body: { feature, quantity: 5, product } });
    const reserve = (call: Call, body: object): Promise<ApiResponse> =>
      call('POST', '/v1/usage/reservations', { body: { quantity: 1, ttlSeconds: 600, ...body } });
    const endpoints = [idOf(await endpoint(bob.call)), idOf(await endpoint(api.call))];
    const plan = { ...ofApi(''), key: 'quota' };
    idOf(await api.call('POST', '/v1/add-ons', { body: { key: 'more-calls', name: 'More calls' } }));
    idOf(await api.call('POST', '/v1/coupons', { body: { key: 'launch', name: 'Launch', percentOff: '20' } }));
    idOf(await api.call('POST', '/v1/tax-rates', { body: { key: 'vat', name: 'VAT', percentage: '19' } }));
    const created = {
      customer: [ofBob(''), ofApi('')],
      subscription: [ofBob(bob.subscriptionId), ofApi(put.body.subscription.id)],
      reservation: [
        ofBob(idOf(await reserve(bob.call, { feature: 'projects' }))),
        ofApi(idOf(await reserve(api.call, { customer, feature: 'api_calls' }))),
      ],
      grant: [
        ofBob(idOf(await grant(bob.customer, 'projects'))),
        ofApi(idOf(await grant(customer, 'api_calls', 'api'))),
      ],
      endpoint: [ofBob(endpoints[0]!), ofApi(endpoints[1]!)],
      apiKey: [
        ofBob(idOf(await bob.call('POST', '/v1/api-keys', { body: { name: 'own', scopes: OWN_SCOPES } }))),
        ofApi(api.id),
      ],
      clock: [ofApi(idOf(await api.call('POST', '/v1/test-clocks', { body: { now: '2026-01-01T00:00:00Z' } })))],
      plan: [plan],
      planMigration: [
        { ...plan, id: idOf(await api.call('POST', '/v1/plans/quota/moves', { body: { when: 'now' } })) },
      ],
      feature: [{ ...ofApi(''), key: 'credits' }],
      addOn: [{ ...ofApi(''), key: 'more-calls' }],
      coupon: [{ ...ofApi(''), key: 'launch' }],
      taxRate: [{ ...ofApi(''), key: 'vat' }],
      product: [{ ...ofApi(''), key: 'api' }],
      portalSession: [
        ofBob((await openPortal(service, { customer: bob.customer })).id),
        ofApi((await openPortal(service, { customer, product: 'api' })).id),
      ],
      ...(await documents([ofBob, ofApi])),
      user: [ofBob(bob.userId)],
    };
    return { ...created, delivery: await deliveriesOf(endpoints, [ofBob, ofApi]), notification: [await notify(bob)] };
  }

  /** An invoice, a credit note and a payment of each owner. */
  async function documents(
    owners: ((id: string) => Named)[],
  ): Promise<Record<'invoice' | 'creditNote' | 'payment' | 'checkout', Named[]>> {
    const created: Awaited<ReturnType<typeof documents>> = { invoice: [], creditNote: [], payment: [], checkout: [] };
    for (const owner of owners) {
      const invoice = await insertInvoice(service, await idsOf(service, owner('').customer, 'api'));
      created.invoice.push(owner(invoice.id));
      created.creditNote.push(owner((await insertCreditNote(service, invoice)).id));
      created.checkout.push(owner(await insertCheckout(service, invoice)));
      created.payment.push(owner((await insertPayment(service, invoice)).id));
    }
    return created;
  }

  /** One delivery of each endpoint: what happened to its owner above. */
  async function deliveriesOf(endpoints: string[], owners: ((id: string) => Named)[]): Promise<Named[]> {
    await deliverDueEvents(service);
    const rows = await service.database.query<{ id: string; lane: string }>(
      'select distinct on (lane) lane, id from deliveries',
    );
    return endpoints.flatMap((endpoint, index) =>
      rows.filter(({ lane }) => lane === endpoint).map(({ id }) => owners[index]!(id)),
    );
  }

  async function notify({ userId, customer }: RegisteredUser): Promise<Named> {
    const id = '01890a5d-ac96-774b-bcce-b302099a8058';
    await service.database.query(
      `insert into notifications (user_id, id, event_id, type, facts, created_at) values ($1, $2, $2, 'subscription.created', '{}', now())`,
      [userId, id],
    );
    return { id, key: customer, customer, feature: 'projects' };
  }
});
