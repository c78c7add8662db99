import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { waitForBlockedStatements, withOpenTransaction } from '../support/transactions.js';
import { inParallel, PASSWORD, registerUser, registerUserWithRole, uniqueName } from '../support/fixtures.js';

const ADDRESS = { line1: '1 Market Street', postalCode: '10115', city: 'Berlin', country: 'DE' };
const FULL_ADDRESS = { ...ADDRESS, line2: null, region: null };
const DEFAULTS = {
  address: null,
  taxId: null,
  language: null,
  taxExempt: 'none',
  collection: 'charge_automatically',
  netDays: null,
  version: 0,
  updatedAt: null,
};

describe('the billing profile', () => {
  let service: TestApp & { database: TestDatabase };
  const newCustomer = async (body: object = {}): Promise<string> => {
    const key = uniqueName('customer');
    expect((await service.admin('PUT', `/v1/customers/${key}`, { body: { product: 'api', ...body } })).status).toBe(
      201,
    );
    return key;
  };
  const at = (customer: string): string => `/v1/customers/${customer}/billing-profile`;
  const put = (customer: string, body: object, headers: Record<string, string> = {}) =>
    service.admin('PUT', at(customer), { body, headers });
  const storedOf = (customer: string): Promise<{ profile: any; version: number }[]> =>
    service.database.query(
      `select profile, version from billing_profiles p join customers c on c.id = p.customer_id where c.key = $1`,
      [customer],
    );

  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  it('has defaults before it is stored: the name and the address of the customer, charged automatically', async () => {
    const named = await newCustomer({ name: 'Acme', email: 'acme@example.com' });
    expect((await service.admin('GET', at(named))).body).toEqual({
      name: 'Acme',
      email: 'acme@example.com',
      ...DEFAULTS,
    });
    const nameless = await newCustomer();
    expect((await service.admin('GET', at(nameless))).body).toEqual({ name: nameless, email: null, ...DEFAULTS });
    expect(await storedOf(named)).toEqual([]);
  });

  it('is replaced as a whole, but for the terms of the seller, which stay', async () => {
    const customer = await newCustomer({ email: 'acme@example.com' });
    const first = await put(customer, {
      name: ' Acme GmbH ',
      address: ADDRESS,
      taxId: 'DE123456789',
      email: 'invoices@example.com',
      language: 'de',
      taxExempt: 'reverse_charge',
      collection: 'send_invoice',
      netDays: 30,
    });
    expect(first).toMatchObject({
      status: 200,
      body: { name: 'Acme GmbH', address: FULL_ADDRESS, version: 1, netDays: 30 },
    });
    const second = await put(customer, { name: 'Acme SE', address: ADDRESS, taxId: 'DE1' });
    expect(second.body).toEqual({
      name: 'Acme SE',
      address: FULL_ADDRESS,
      taxId: 'DE1',
      email: 'acme@example.com',
      language: null,
      taxExempt: 'reverse_charge',
      collection: 'send_invoice',
      netDays: 30,
      version: 2,
      updatedAt: expect.any(String),
    });
    expect((await put(customer, { name: 'Acme SE', netDays: null, taxExempt: 'none' })).body).toMatchObject({
      netDays: null,
      taxExempt: 'none',
      version: 3,
    });
  });

  it.each([
    [{ name: '  ' }, 'name'],
    [{}, 'name'],
    [{ name: 'x', address: { ...ADDRESS, country: 'de' } }, 'address.country'],
    [{ name: 'x', address: { ...ADDRESS, city: undefined } }, 'address.city'],
    [{ name: 'x', email: 'nobody' }, 'email'],
    [{ name: 'x', netDays: 366 }, 'netDays'],
    [{ name: 'x', collection: 'cash' }, 'collection'],
    [{ name: 'x', language: 'fr' }, 'language'],
    [{ name: 'x', address: ADDRESS, taxExempt: 'reverse_charge' }, 'taxId'],
    [{ name: 'x', taxId: 'DE1', taxExempt: 'reverse_charge' }, 'address'],
  ])('%j is refused, and nothing is stored', async (body, field) => {
    const customer = await newCustomer();
    const refused = await put(customer, body);
    expect([refused.status, refused.body.errors.map((error: { field: string }) => error.field)]).toEqual([
      422,
      [field],
    ]);
    expect(await storedOf(customer)).toEqual([]);
  });

  it('is written by its owner, who may not set the terms of the seller', async () => {
    const user = await registerUser(service);
    expect((await user.call('PUT', at('me'), { body: { name: 'Ann', address: ADDRESS } })).body).toMatchObject({
      name: 'Ann',
      version: 1,
    });
    for (const terms of [{ taxExempt: 'exempt' }, { collection: 'send_invoice' }, { netDays: 365 }, { netDays: null }])
      expect(await user.call('PUT', at('me'), { body: { name: 'Ann', ...terms } })).toMatchObject({
        status: 403,
        body: { code: 'terms_not_allowed' },
      });
    expect((await user.call('GET', at('me'))).body).toMatchObject({ taxExempt: 'none', netDays: null, version: 1 });
    const other = await registerUser(service);
    expect((await other.call('GET', at(user.customer))).status).toBe(404);
    expect((await other.call('PUT', at(user.customer), { body: { name: 'Eve' } })).status).toBe(404);
  });

  it('is read by support and finance, which is recorded, and not written by them', async () => {
    const customer = await newCustomer({ name: 'Acme' });
    for (const role of ['support', 'finance'] as const) {
      const { call, userId } = await registerUserWithRole(service, { role });
      expect((await call('GET', at(customer))).body).toMatchObject({ name: 'Acme' });
      expect((await call('PUT', at(customer), { body: { name: 'Eve' } })).status).toBe(404);
      expect(
        await service.database.query(
          `select e.type, c.key from events e join customers c on c.id = e.customer_id where e.actor->>'id' = $1 and e.type like '%.read'`,
          [userId],
        ),
      ).toEqual([{ type: `${role}.read`, key: customer }]);
    }
  });

  it('has a version: a stale If-Match is refused, and of simultaneous writers one wins', async () => {
    const customer = await newCustomer();
    const read = await service.admin('GET', at(customer));
    expect(read.headers.get('etag')).toBe('"0"');
    const answers = await inParallel(10, 10, (index) =>
      put(customer, { name: `Writer ${index}` }, { 'if-match': '"0"' }),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...new Array<number>(9).fill(412)]);
    expect(await storedOf(customer)).toMatchObject([{ version: 1 }]);
    const blind = await inParallel(10, 10, (index) => put(customer, { name: `Blind ${index}` }));
    expect(blind.map(({ body }) => body.version as number).sort((one, other) => one - other)).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    ]);
  });

  it('is in no event: an event says what changed, without personal data', async () => {
    const customer = await newCustomer();
    await put(customer, { name: 'Secret Name', address: ADDRESS, taxId: 'SECRET-TAX', email: 'secret@example.com' });
    const events = await service.database.query<{ before: object; after: object }>(
      `select e.before, e.after from events e join customers c on c.id = e.customer_id where c.key = $1 and e.type = 'billing_profile.updated'`,
      [customer],
    );
    expect(events).toEqual([
      {
        before: null,
        after: {
          country: 'DE',
          taxExempt: 'none',
          collection: 'charge_automatically',
          netDays: null,
          language: null,
          version: 1,
        },
      },
    ]);
  });

  it('is exported with the account, with the coupons, and erased with it', async () => {
    const user = await registerUser(service);
    await user.call('PUT', at('me'), { body: { name: 'Ann Example', address: ADDRESS, taxId: 'DE999' } });
    const coupon = uniqueName('coupon');
    await service.admin('POST', '/v1/coupons', { body: { key: coupon, name: 'Twenty', percentOff: '20' } });
    await service.admin('POST', `/v1/subscriptions/${user.subscriptionId}/coupons`, { body: { coupon } });
    const { body } = await user.call('GET', '/v1/users/me/export');
    const lines = (typeof body === 'string' ? body : JSON.stringify(body))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.filter(({ kind }) => kind === 'billing_profile')).toEqual([
      expect.objectContaining({ name: 'Ann Example', taxId: 'DE999', address: FULL_ADDRESS }),
    ]);
    expect(lines.filter(({ kind }) => kind === 'coupon_redemption')).toEqual([expect.objectContaining({ coupon })]);
    expect((await user.call('POST', '/v1/users/me/delete', { body: { password: PASSWORD } })).status).toBe(204);
    expect(await storedOf(user.customer)).toEqual([]);
    expect(await service.database.query(`select 1 from billing_profiles where profile::text like '%DE999%'`)).toEqual(
      [],
    );
  });

  it('is erased with a customer without an account', async () => {
    const customer = await newCustomer();
    await put(customer, { name: 'Acme' });
    expect((await service.admin('DELETE', `/v1/customers/${customer}`)).status).toBe(204);
    expect(await storedOf(customer)).toEqual([]);
  });

  it('is not stored by a writer who meets the deletion of the customer', async () => {
    const customer = await newCustomer();
    const [written, deleted] = await withOpenTransaction(service.database, async (other) => {
      // Makes the writer wait at its insert.
      await other.query(
        `insert into billing_profiles (customer_id, profile, version, created_at, updated_at)
          select id, '{}', 1, now(), now() from customers where key = $1`,
        [customer],
      );
      const writes = put(customer, { name: 'Acme' });
      await waitForBlockedStatements(service.database, { containing: 'insert into billing_profiles' });
      const deletes = service.admin('DELETE', `/v1/customers/${customer}`);
      await Promise.race([deletes, waitForBlockedStatements(service.database, { count: 2 })]);
      await other.query('rollback');
      return Promise.all([writes, deletes]);
    });
    expect([written.status, deleted.status]).toEqual([200, 204]);
    expect(await storedOf(customer)).toEqual([]);
  });
});
