import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AuthHousekeeping } from '@app/auth';
import { SecurityLog } from '@app/events';
import { type Call, startApp, type TestApp, TestClock } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import {
  applyLifecycleProduct,
  createApiKey,
  linkTokenOf,
  openPortal,
  registerUser,
  registerUserWithRole,
  uniqueName,
} from '../support/fixtures.js';

const PRODUCT = 'portal-product';
const OTHER = 'other-product';
const MINUTE = 60_000;
/** Longer than the cache TTL of any instance. */
const known = () => new Promise((resolve) => setTimeout(resolve, 1_100));

describe('portal sessions', () => {
  let database: TestDatabase;
  let clock: TestClock;
  let here: TestApp;
  let there: TestApp;
  let key: { id: string; call: Call };

  const newCustomer = async (body: object = {}): Promise<string> => {
    const customer = uniqueName('customer');
    const answer = await here.admin('PUT', `/v1/customers/${customer}`, { body: { product: PRODUCT, ...body } });
    expect(answer).toMatchObject({ status: 201 });
    return customer;
  };
  const linkOf = (call: Call, body: object) =>
    call('POST', '/v1/portal-sessions', { body: { product: PRODUCT, ...body } });
  const exchange = (token: string, service: TestApp = here) =>
    service.call('POST', '/v1/portal-sessions/exchange', { body: { token } });
  /** Opens a session that this caller creates. */
  const openAs = async (call: Call, customer: string): Promise<{ id: string; token: string }> => {
    const created = await linkOf(call, { customer });
    expect(created.status).toBe(201);
    const { body } = await exchange(linkTokenOf(created.body));
    return { id: body.id, token: body.accessToken };
  };
  const open = (customer: string) => openPortal(here, { customer, product: PRODUCT });
  const statusesOf = async (token: string): Promise<number[]> =>
    (await Promise.all([here, there].map(({ call }) => call('GET', '/v1/customers/me/subscription', { token })))).map(
      ({ status }) => status,
    );
  const subscriptionOf = async (customer: string, product = PRODUCT) =>
    (await here.admin('GET', `/v1/customers/${customer}/subscription?product=${product}`)).body;
  const auditOf = async (query: string) => (await here.admin('GET', `/v1/audit-log?${query}`)).body.data;

  beforeAll(async () => {
    database = await createTestDatabase();
    clock = new TestClock();
    const environment = { PUBLIC_URL: 'https://tollgate.example' };
    here = await startApp({ database, clock, environment });
    there = await startApp({ database, clock, environment });
    for (const product of [PRODUCT, OTHER]) await applyLifecycleProduct(here, product);
    key = await createApiKey(here, { product: PRODUCT, scopes: ['portal:write'] });
  }, 60_000);
  afterAll(async () => {
    await here.stop();
    await there.stop();
    await database.drop();
  });

  // The token of the admin is valid for ten minutes.
  afterEach(() => clock.set(new Date()));

  it('the link has its secret in the fragment; only its hash is stored', async () => {
    const customer = await newCustomer();
    const { status, body } = await linkOf(key.call, { customer });
    expect({ status, body }).toMatchObject({ status: 201, body: { id: expect.any(String) } });
    expect(body.url).toMatch(/^https:\/\/tollgate\.example\/portal#token=[\w-]{43}$/);
    expect(new Date(body.expiresAt).getTime() - clock.now().getTime()).toBe(15 * MINUTE);
    const { body: opened } = await exchange(linkTokenOf(body));
    expect(opened).toMatchObject({
      tokenType: 'Bearer',
      expiresIn: 3_600,
      customer,
      product: PRODUCT,
      returnUrl: null,
    });
    const [row] = await database.query<{ all: string }>(
      `select concat((select jsonb_agg(s) from portal_sessions s), (select jsonb_agg(e) from events e)) as all`,
    );
    expect(row!.all).toContain(body.id);
    for (const secret of [linkTokenOf(body), opened.accessToken]) expect(row!.all).not.toContain(secret);
  });

  it('of concurrent exchanges on two instances one gets the session, and later ones get none', async () => {
    for (let round = 0; round < 5; round++) {
      const { body } = await linkOf(key.call, { customer: await newCustomer() });
      const token = linkTokenOf(body);
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) => exchange(token, index % 2 ? here : there)),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(401)]);
      const winner = answers.find(({ status }) => status === 200)!.body;
      expect(await statusesOf(winner.accessToken)).toEqual([200, 200]);
      expect(await exchange(token)).toMatchObject({ status: 401, body: { code: 'invalid_portal_link' } });
      expect(await auditOf(`subject=${body.id}&type=portal_session.opened`)).toHaveLength(1);
    }
  });

  it('a repetition with the same Idempotency-Key gets the same session', async () => {
    const { body } = await linkOf(key.call, { customer: await newCustomer() });
    const repeat = () =>
      here.call('POST', '/v1/portal-sessions/exchange', {
        body: { token: linkTokenOf(body) },
        headers: { 'idempotency-key': 'one-exchange' },
      });
    const [first, second] = [await repeat(), await repeat()];
    expect(first.status).toBe(200);
    expect(second.body).toEqual(first.body);
  });

  it('a link ends after 15 minutes, a session after an hour', async () => {
    const customer = await newCustomer();
    const [late, used] = [await linkOf(key.call, { customer }), await linkOf(key.call, { customer })];
    clock.advance(15 * MINUTE - 1);
    const { body } = await exchange(linkTokenOf(used.body));
    clock.advance(1);
    expect((await exchange(linkTokenOf(late.body))).body.code).toBe('invalid_portal_link');
    clock.advance(60 * MINUTE - 2);
    expect(await statusesOf(body.accessToken)).toEqual([200, 200]);
    // The sessions are in the caches of both instances.
    clock.advance(1);
    expect(await statusesOf(body.accessToken)).toEqual([401, 401]);
  });

  it.each([
    ['an unknown token', () => `tgp_${'a'.repeat(43)}`],
    ['the token of a link', async () => linkTokenOf((await linkOf(key.call, { customer: await newCustomer() })).body)],
    [
      'a token with a changed letter',
      async () => (await open(await newCustomer())).token.replace(/.$/, (end) => (end === 'A' ? 'B' : 'A')),
    ],
    ['a prefix alone', () => 'tgp_'],
  ])('%s is no access token', async (_, make) => {
    expect(await statusesOf(await make())).toEqual([401, 401]);
  });

  it('a session reads and changes the subscription of its customer, by "me" and by key', async () => {
    const customer = await newCustomer();
    const { id, call } = await open(customer);
    const subscription = await subscriptionOf(customer);
    for (const name of ['me', customer])
      expect((await call('GET', `/v1/customers/${name}/subscription`)).body.id).toBe(subscription.id);
    expect((await call('GET', '/v1/customers/me/entitlements')).body.data.length).toBeGreaterThan(0);
    expect((await call('GET', '/v1/plans')).body.data.map((plan: { key: string }) => plan.key)).toContain('pro');
    const at = (command: string) => `/v1/subscriptions/${subscription.id}/${command}`;
    const body = { plan: 'pro', when: 'now' };
    expect((await call('POST', at('preview-change'), { body })).status).toBe(200);
    expect((await call('POST', at('change'), { body })).body).toMatchObject({ plan: { key: 'pro' } });
    const reason = 'Too expensive for what we use';
    const canceled = await call('POST', at('cancel'), { body: { when: 'period_end', reason } });
    expect(canceled.body).toMatchObject({ cancelAtPeriodEnd: true });
    expect((await call('POST', at('resume'), { body: {} })).body).toMatchObject({ cancelAtPeriodEnd: false });
    const { body: timeline } = await here.admin('GET', at('timeline'));
    expect(timeline.data).toContainEqual(
      expect.objectContaining({ type: 'subscription.cancel_scheduled', reason, actor: { kind: 'portal', id } }),
    );
    const entries = await auditOf(`actor=${id}&actorKind=portal`);
    expect(entries.map(({ type }: { type: string }) => type)).toEqual(
      expect.arrayContaining(['subscription.cancel_scheduled', 'subscription.plan_changed', 'portal_session.opened']),
    );
    expect((await call('POST', at('cancel'), { body: { when: 'now', reason: 'x'.repeat(501) } })).status).toBe(422);
  });

  it('a session gets public offers only, as a user does', async () => {
    const customer = await newCustomer();
    const { call } = await open(customer);
    const { id } = await subscriptionOf(customer);
    await here.admin('POST', '/v1/plans', {
      body: {
        key: 'private',
        name: 'Private',
        public: false,
        product: PRODUCT,
        prices: [{ interval: 'month', amount: 1, currency: 'USD' }],
      },
    });
    expect((await here.admin('POST', `/v1/plans/private/publish?product=${PRODUCT}`, { body: {} })).status).toBe(200);
    for (const command of ['change', 'preview-change']) {
      const refused = await call('POST', `/v1/subscriptions/${id}/${command}`, {
        body: { plan: 'private', when: 'now' },
      });
      expect(refused).toMatchObject({ status: 404, body: { code: 'plan_not_found' } });
    }
    for (const [command, body] of [
      ['cancel', { when: 'now', prorate: true }],
      ['change', { plan: 'pro', when: 'now', prorate: false }],
    ] as const)
      expect((await call('POST', `/v1/subscriptions/${id}/${command}`, { body })).body.code).toBe('terms_not_allowed');
    expect((await call('GET', '/v1/plans')).body.data.map((plan: { key: string }) => plan.key)).not.toContain(
      'private',
    );
    expect(await subscriptionOf(customer)).toMatchObject({ version: 1 });
  });

  it('a session sees its customer on its product only', async () => {
    const customer = await newCustomer();
    await here.admin('PUT', `/v1/customers/${customer}`, { body: { product: OTHER } });
    const elsewhere = await subscriptionOf(customer, OTHER);
    const { call } = await open(customer);
    expect((await call('GET', `/v1/subscriptions/${elsewhere.id}`)).body.code).toBe('subscription_not_found');
    expect((await call('POST', `/v1/subscriptions/${elsewhere.id}/cancel`, { body: { when: 'now' } })).body.code).toBe(
      'subscription_not_found',
    );
    expect((await call('GET', `/v1/customers/me/subscription?product=${OTHER}`)).body.code).toBe('product_not_allowed');
    const { body } = await call('GET', '/v1/customers/me/subscriptions');
    expect(body.data.map(({ product }: { product: string }) => product)).toEqual([PRODUCT]);
    expect(await subscriptionOf(customer, OTHER)).toMatchObject({ version: 1 });
  });

  it('a session keeps the billing profile, and lists the invoices and payment methods, of its customer', async () => {
    const customer = await newCustomer();
    const { call } = await open(customer);
    expect((await call('PUT', '/v1/customers/me/billing-profile', { body: { name: 'Acme GmbH' } })).status).toBe(200);
    expect((await here.admin('GET', `/v1/customers/${customer}/billing-profile`)).body.name).toBe('Acme GmbH');
    for (const path of ['/v1/invoices', '/v1/payments', '/v1/customers/me/payment-methods'])
      expect(await call('GET', path)).toMatchObject({ status: 200, body: { data: [] } });
  });

  it('a session reads the notifications of its product only, and none without an account', async () => {
    const user = await registerUser(here);
    const insert = (product: string, id: string) =>
      database.query(
        `insert into notifications (user_id, id, event_id, type, facts, created_at)
         values ($1, $2, $2, 'subscription_started', jsonb_build_object('product', $3::text, 'at', '2026-01-01T00:00:00Z'), now())`,
        [user.userId, id, product],
      );
    const [own, others] = ['01890a5d-ac96-774b-bcce-b302099a8001', '01890a5d-ac96-774b-bcce-b302099a8002'];
    await insert(PRODUCT, own);
    await insert(OTHER, others);
    const { call } = await open(user.customer);
    const at = '/v1/users/me/notifications';
    expect((await call('GET', at)).body.data.map(({ id }: { id: string }) => id)).toEqual([own]);
    expect((await call('POST', `${at}/${others}/read`, { body: {} })).body.code).toBe('notification_not_found');
    expect((await call('POST', `${at}/read`, { body: {} })).status).toBe(204);
    expect((await call('GET', `${at}/unread-count`)).body).toEqual({ unread: 0 });
    expect((await user.call('GET', `${at}?unread=true`)).body.data).toEqual([expect.objectContaining({ id: others })]);
    const { call: nobodys } = await open(await newCustomer());
    expect((await nobodys('GET', at)).body.data).toEqual([]);
    expect((await nobodys('GET', `${at}/unread-count`)).body).toEqual({ unread: 0 });
  });

  describe('a session ends on every instance within 1 s when', () => {
    const ended = async (token: string): Promise<void> => {
      await known();
      expect(await statusesOf(token)).toEqual([401, 401]);
    };

    it('its creator revokes it, and its unused link is useless', async () => {
      const customer = await newCustomer();
      const { id, token } = await openAs(key.call, customer);
      const { body: unused } = await linkOf(key.call, { customer });
      expect(await statusesOf(token)).toEqual([200, 200]);
      for (const one of [id, id, unused.id])
        expect((await key.call('DELETE', `/v1/portal-sessions/${one}`)).status).toBe(204);
      expect((await here.call('GET', '/v1/customers/me/subscription', { token })).status).toBe(401);
      await ended(token);
      expect((await exchange(linkTokenOf(unused))).body.code).toBe('invalid_portal_link');
      expect(await auditOf(`subject=${id}&type=portal_session.revoked`)).toHaveLength(1);
    });

    it('it ends itself', async () => {
      const session = await open(await newCustomer());
      expect((await session.call('DELETE', `/v1/portal-sessions/${session.id}`)).status).toBe(204);
      await ended(session.token);
    });

    it('its customer is deleted', async () => {
      const customer = await newCustomer();
      const { token } = await openAs(key.call, customer);
      const { body: unused } = await linkOf(key.call, { customer });
      expect(await statusesOf(token)).toEqual([200, 200]);
      expect((await here.admin('DELETE', `/v1/customers/${customer}`)).status).toBe(204);
      await ended(token);
      expect((await exchange(linkTokenOf(unused))).status).toBe(401);
    });

    it.each([
      ['the key that created it is revoked', (id: string) => here.admin('DELETE', `/v1/api-keys/${id}`)],
      [
        'the key that created it is rotated without an overlap',
        (id: string) => here.admin('POST', `/v1/api-keys/${id}/rotate`, { body: { overlapSeconds: 0 } }),
      ],
    ])('%s', async (_, end) => {
      const creator = await createApiKey(here, { product: PRODUCT, scopes: ['portal:write'] });
      const customer = await newCustomer();
      const { token } = await openAs(creator.call, customer);
      const { body: unused } = await linkOf(creator.call, { customer });
      expect(await statusesOf(token)).toEqual([200, 200]);
      expect((await end(creator.id)).status).toBeLessThan(300);
      await ended(token);
      expect((await exchange(linkTokenOf(unused))).status).toBe(401);
    });

    it.each([
      ['the admin who created it loses the role', { role: 'user' }],
      ['the admin who created it gets another product', { role: 'product_admin', product: OTHER }],
      ['the admin who created it is deactivated', { active: false }],
    ])('%s', async (_, change) => {
      const editor = await registerUserWithRole(here, { role: 'product_admin', product: PRODUCT });
      const { token } = await openAs(editor.call, await newCustomer());
      expect(await statusesOf(token)).toEqual([200, 200]);
      expect((await here.admin('PATCH', `/v1/users/${editor.userId}`, { body: change })).status).toBe(200);
      await ended(token);
    });
  });

  it('is created by keys with its scope and by admins of the product, for customers of the product', async () => {
    const customer = await newCustomer();
    const elsewhere = uniqueName('elsewhere');
    await here.admin('PUT', `/v1/customers/${elsewhere}`, { body: { product: OTHER } });
    expect((await linkOf(key.call, { customer: elsewhere })).body.code).toBe('customer_not_found');
    expect((await linkOf(key.call, { customer, product: OTHER })).body.code).toBe('product_not_allowed');
    expect((await linkOf(here.admin, { customer: uniqueName('absent') })).body.code).toBe('customer_not_found');
    const powerful = await createApiKey(here, { scopes: ['customers:write', 'subscriptions:write', 'billing:write'] });
    expect((await linkOf(powerful.call, { customer })).body.code).toBe('insufficient_scope');
    const user = await registerUser(here);
    expect((await linkOf(user.call, { customer: user.customer })).body.code).toBe('admin_only');
    const own = await user.call('POST', '/v1/api-keys', { body: { name: 'own', scopes: ['portal:write'] } });
    expect(own.body.code).toBe('scope_not_allowed');
    const session = await open(customer);
    expect((await linkOf(session.call, { customer })).body.code).toBe('not_for_portal');
  });

  it('the audit log has its creator, its changes and its refusals', async () => {
    const customer = await newCustomer();
    const { body } = await linkOf(key.call, { customer });
    const { body: opened } = await exchange(linkTokenOf(body));
    await exchange(linkTokenOf(body));
    await exchange('x'.repeat(43));
    const { status } = await here.call('GET', '/v1/users', { token: opened.accessToken });
    expect(status).toBe(403);
    await here.app.get(SecurityLog, { strict: false }).flush();
    const entries = await auditOf(`subject=${body.id}`);
    expect(entries).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          type: 'portal_session.created',
          actor: expect.objectContaining({ id: key.id }),
          customer,
        }),
        expect.objectContaining({
          type: 'portal_session.opened',
          actor: { kind: 'portal', id: body.id, name: null },
          origin: expect.objectContaining({ address: '127.0.0.1' }),
        }),
        expect.objectContaining({ type: 'portal_link.rejected', reason: 'used', customer, product: PRODUCT }),
        expect.objectContaining({ type: 'access.refused', reason: 'not_for_portal', customer }),
      ]),
    );
    expect(await auditOf('type=portal_link.rejected')).toContainEqual(
      expect.objectContaining({
        reason: 'unknown',
        subject: { type: 'portal_session', id: expect.stringMatching(/^0{8}/) },
      }),
    );
  });

  it('housekeeping deletes sessions a day after their end', async () => {
    const { id } = await open(await newCustomer());
    const rows = () => database.query('select id from portal_sessions where id = $1', [id]);
    const housekeeping = here.app.get(AuthHousekeeping, { strict: false });
    clock.advance(24 * 60 * MINUTE);
    await housekeeping.purge();
    expect(await rows()).toHaveLength(1);
    clock.advance(61 * MINUTE);
    await housekeeping.purge();
    expect(await rows()).toHaveLength(0);
  });

  it.each([
    ['a session without a creator', 'created_by_key_id = null'],
    ['a session longer than an hour', `expires_at = opened_at + interval '61 minutes'`],
    ['a token of a link that was not used', 'opened_at = null'],
    ['a hash of another length', `token_hash = 'short'`],
  ])('the database refuses %s', async (_, change) => {
    const { id } = await openAs(key.call, await newCustomer());
    await expect(database.query(`update portal_sessions set ${change} where id = $1`, [id])).rejects.toThrow(
      /violates check constraint "portal_sessions_/,
    );
  });

  describe('settings', () => {
    const at = `/v1/products/${PRODUCT}/portal`;
    const settings = {
      name: 'Acme API',
      logoUrl: 'https://cdn.example.com/logo.svg',
      colors: { accent: '#ff0000', background: '#ffffff', text: '#111827' },
      allowedReturnUrls: ['https://app.example.com/billing'],
    };

    it('are defaults until they are put; each change is an event', async () => {
      const defaults = { name: PRODUCT, logoUrl: null, allowedReturnUrls: [] };
      expect((await here.admin('GET', at)).body).toMatchObject(defaults);
      for (let repeat = 0; repeat < 2; repeat++)
        expect(await here.admin('PUT', at, { body: settings })).toMatchObject({ status: 200, body: settings });
      expect((await here.admin('GET', at)).body).toEqual(settings);
      expect(await auditOf(`type=product.portal_changed&product=${PRODUCT}`)).toMatchObject([
        { before: { portal: null }, after: { key: PRODUCT, portal: settings } },
      ]);
      const bad = { colors: { accent: 'red' }, logoUrl: 'javascript:alert(1)' };
      expect(await here.admin('PUT', at, { body: bad })).toMatchObject({ status: 422 });
      expect((await here.admin('GET', at)).body).toEqual(settings);
      expect((await here.admin('PUT', '/v1/products/absent/portal', { body: {} })).body.code).toBe('product_not_found');
    });

    it('show name, logo and colours in a session, without the allowed URLs', async () => {
      const { call } = await open(await newCustomer());
      const { allowedReturnUrls: _, ...look } = settings;
      expect((await call('GET', '/v1/portal/settings')).body).toEqual({ product: PRODUCT, ...look });
      const user = await registerUser(here);
      expect((await user.call('GET', `/v1/portal/settings?product=${PRODUCT}`)).body.name).toBe('Acme API');
    });

    it('decide where the portal leads back to', async () => {
      const customer = await newCustomer();
      const returnUrl = 'https://app.example.com/billing?tab=1';
      const allowed = await linkOf(key.call, { customer, returnUrl });
      expect((await exchange(linkTokenOf(allowed.body))).body.returnUrl).toBe(returnUrl);
      for (const refused of ['https://evil.example/billing', 'javascript:alert(1)', 'https://app.example.com/admin']) {
        const { status, body } = await linkOf(key.call, { customer, returnUrl: refused });
        expect({ status, field: body.errors[0].field }).toEqual({ status: 422, field: 'returnUrl' });
      }
    });

    it('are part of the catalogue document', async () => {
      const { body: document } = await here.admin('GET', `/v1/catalog?product=${PRODUCT}`);
      expect(document.portal).toEqual(settings);
      const apply = (portal: unknown) => here.admin('POST', '/v1/catalog/apply', { body: { ...document, portal } });
      expect((await apply(undefined)).body.portal).toBeUndefined();
      expect((await apply(settings)).body.portal).toBe('unchanged');
      expect((await apply({ colors: { accent: '#0000zz' } })).status).toBe(422);
      expect((await apply({ allowedReturnUrls: ['http://app.example.com'] })).body.errors[0].field).toBe(
        'portal.allowedReturnUrls.0',
      );
      expect((await apply(null)).body.portal).toBe('changed');
      expect((await here.admin('GET', at)).body.allowedReturnUrls).toEqual([]);
    });
  });

  it('exchanges are limited by address', async () => {
    const limited = await startApp({ database, clock, environment: { RATE_LIMIT_PER_MINUTE: '10' } });
    try {
      const answers = [];
      for (let index = 0; index < 4; index++) answers.push((await exchange('x'.repeat(43), limited)).status);
      expect(answers).toEqual([401, 401, 429, 429]);
    } finally {
      await limited.stop();
    }
  });
});
