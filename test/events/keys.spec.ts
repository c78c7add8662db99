import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { deliverDueEvents } from '../support/deliveries.js';
import { applyLifecycleProduct, createApiKey, uniqueName } from '../support/fixtures.js';

interface Keys {
  customer: string | null;
  product: string | null;
}

describe('the keys of events', () => {
  let service: TestApp & { database: TestDatabase };
  let customer: string;
  let ids: { customerId: string; productId: string };
  let serial = 0;

  beforeAll(async () => {
    service = await startService();
    await applyLifecycleProduct(service, 'keyed');
    customer = uniqueName('customer');
    const { call } = await createApiKey(service, { product: 'keyed' });
    expect((await call('PUT', `/v1/customers/${customer}`, { body: { product: 'keyed' } })).status).toBe(201);
    const [row] = await service.database.query<{ customerId: string; productId: string }>(
      `select c.id as "customerId", p.id as "productId" from customers c, products p where c.key = $1 and p.key = 'keyed'`,
      [customer],
    );
    ids = row!;
  });
  afterAll(() => service.stop());

  const stored = async (id: string): Promise<Keys> => {
    const [row] = await service.database.query<Keys>(
      'select customer_key as customer, product_key as product from events where id = $1',
      [id],
    );
    return row!;
  };
  const published = async (id: string): Promise<Keys> => {
    await deliverDueEvents(service);
    const [row] = await service.database.query<{ body: string }>('select body from event_feed where event_id = $1', [
      id,
    ]);
    const { data } = JSON.parse(row!.body) as { data: Keys };
    return { customer: data.customer, product: data.product };
  };
  /** Inserts an event like a version before migration 1700000000012: without keys. */
  const insertWithoutKeys = async (): Promise<string> => {
    const id = `01998a4e-8000-7000-8000-${String(++serial).padStart(12, '0')}`;
    const actor = { kind: 'user', id: '01998a4e-8000-7000-8000-0000000000ff' };
    await service.database.query(
      `insert into events (id, type, subject_type, subject_id, sequence, customer_id, product_id, actor, at)
       values ($1, 'subscription.extended', 'subscription', $1, 1, $2, $3, $4, now())`,
      [id, ids.customerId, ids.productId, actor],
    );
    await service.database.query('insert into event_outbox values ($1)', [id]);
    return id;
  };

  it('are stored with each new event', async () => {
    const rows = await service.database.query<Keys>(
      `select distinct customer_key as customer, product_key as product from events where customer_id = $1 order by product`,
      [ids.customerId],
    );
    expect(rows).toEqual([
      { customer, product: 'keyed' },
      { customer, product: null },
    ]);
    const missing = await service.database.query(
      `select type from events where (customer_id is null) <> (customer_key is null) or (product_id is null) <> (product_key is null)`,
    );
    expect(missing).toEqual([]);
  });

  it('are filled by the database when an instance of the previous version records an event', async () => {
    const id = await insertWithoutKeys();
    expect(await stored(id)).toEqual({ customer, product: 'keyed' });
    expect(await published(id)).toEqual({ customer, product: 'keyed' });
  });

  it('are looked up for events from before they were stored, by publishing and by the audit log', async () => {
    await service.database.query('alter table events disable trigger events_fill_keys');
    const id = await insertWithoutKeys();
    await service.database.query('alter table events enable trigger events_fill_keys');
    expect(await stored(id)).toEqual({ customer: null, product: null });
    expect(await published(id)).toEqual({ customer, product: 'keyed' });
    const { body } = await service.admin('GET', `/v1/audit-log?subject=${id}`);
    expect(body.data).toMatchObject([{ customer, product: 'keyed', actor: { kind: 'user', name: null } }]);
  });

  it('stay known after the customer was deleted', async () => {
    const { call } = await createApiKey(service, { product: 'keyed' });
    expect((await call('DELETE', `/v1/customers/${customer}`)).status).toBe(204);
    const { body } = await service.admin('GET', '/v1/audit-log?type=customer.deleted&limit=1');
    expect(body.data).toMatchObject([{ customer, subject: { id: ids.customerId } }]);
  });
});
