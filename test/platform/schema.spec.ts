import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { migrations } from '../../migrations/index.js';
import { pendingMigrations, migrate } from '../../migrations/migrate.js';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey } from '../support/fixtures.js';

interface Column {
  name: string;
  type: string;
  nullable: boolean;
}

describe('the schema', () => {
  let service: TestApp & { database: TestDatabase };
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  it('has exactly the columns of the entities', async () => {
    const { entityMetadatas } = service.app.get(DataSource);
    expect(entityMetadatas.length).toBeGreaterThan(10);
    for (const { tableName, columns, primaryColumns } of entityMetadatas) {
      const stored = await service.database.query<Column>(
        `select column_name as name, case data_type when 'ARRAY' then 'text' when 'timestamp with time zone' then 'timestamptz' else data_type end as type, is_nullable = 'YES' as nullable
         from information_schema.columns where table_name = $1 order by column_name`,
        [tableName],
      );
      const mapped = columns
        .map((column) => ({ name: column.databaseName, type: String(column.type), nullable: column.isNullable }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      expect([tableName, mapped]).toEqual([tableName, stored]);
      const keys = await service.database.query<{ name: string }>(
        `select a.attname as name from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey) where i.indrelid = $1::regclass and i.indisprimary order by 1`,
        [tableName],
      );
      expect([tableName, primaryColumns.map(({ databaseName }) => databaseName).sort()]).toEqual([
        tableName,
        keys.map(({ name }) => name),
      ]);
    }
  });

  it('is current after repeated migration', async () => {
    await Promise.all([migrate(service.database.url), migrate(service.database.url), migrate(service.database.url)]);
    expect(await pendingMigrations(service.database.url)).toEqual([]);
    expect(await service.database.query('select name from schema_migrations')).toHaveLength(migrations.length);
  });

  describe('the database rejects', () => {
    const ids = {
      customer: '01890a5d-ac96-774b-bcce-b302099a8001',
      subscription: '01890a5d-ac96-774b-bcce-b302099a8002',
    };
    const customer = (subscription: string) =>
      `insert into customers (id, key, timezone, first_subscription_id, created_at, updated_at) values ('${ids.customer}', 'alone', 'UTC', '${subscription}', now(), now())`;

    it('a customer without a subscription', async () => {
      await expect(service.database.query(customer(ids.subscription))).rejects.toThrow('customers_have_a_subscription');
    });

    it.each(['.', '..'])('the customer key %s, except of a deleted customer', async (key) => {
      const { call } = await createApiKey(service);
      const { body } = await call('PUT', `/v1/customers/dots${key.length}`, { body: { product: 'api' } });
      const rename = (more: string) =>
        service.database.query(`update customers set key = $1${more} where id = $2`, [key, body.id]);
      await expect(rename('')).rejects.toThrow('customers_key_in_urls');
      await rename(', deleted_at = now()');
    });

    it('a subscription without a customer, and deleting the only one', async () => {
      const { call } = await createApiKey(service);
      const { body } = await call('PUT', '/v1/customers/kept', { body: { product: 'api' } });
      await expect(
        service.database.query(`update subscriptions set customer_id = '${ids.customer}' where id = $1`, [
          body.subscription.id,
        ]),
      ).rejects.toThrow('foreign key');
      await expect(
        service.database.query('delete from subscriptions where id = $1', [body.subscription.id]),
      ).rejects.toThrow('customers_have_a_subscription');
      await expect(service.database.query('delete from customers where id = $1', [body.id])).rejects.toThrow(
        'foreign key',
      );
    });

    it('a second live subscription on a product', async () => {
      const { call } = await createApiKey(service);
      const { body } = await call('PUT', '/v1/customers/twice', { body: { product: 'api' } });
      const columns = (
        await service.database.query<{ name: string }>(
          `select column_name as name from information_schema.columns where table_name = 'subscriptions' and column_name <> 'id'`,
        )
      )
        .map(({ name }) => name)
        .join(', ');
      await expect(
        service.database.query(
          `insert into subscriptions (id, ${columns}) select gen_random_uuid(), ${columns} from subscriptions where id = $1`,
          [body.subscription.id],
        ),
      ).rejects.toThrow('subscriptions_one_live');
    });

    it('a second scheduled subscription, a paused one without pausedAt, an expired one without an end', async () => {
      const { call } = await createApiKey(service);
      const { body } = await call('PUT', '/v1/customers/waiting', { body: { product: 'api' } });
      const { id } = body.subscription;
      const columns = (
        await service.database.query<{ name: string }>(
          `select column_name as name from information_schema.columns where table_name = 'subscriptions' and column_name not in ('id', 'status', 'started_at')`,
        )
      )
        .map(({ name }) => name)
        .join(', ');
      const waiting = () =>
        service.database.query(
          `insert into subscriptions (id, status, started_at, ${columns}) select gen_random_uuid(), 'inactive', now() + interval '1 year', ${columns} from subscriptions where id = $1`,
          [id],
        );
      await waiting();
      await expect(waiting()).rejects.toThrow('subscriptions_one_upcoming');
      await expect(
        service.database.query(`update subscriptions set status = 'paused' where id = $1`, [id]),
      ).rejects.toThrow('subscriptions_paused_since');
      await expect(
        service.database.query(`update subscriptions set status = 'expired' where id = $1`, [id]),
      ).rejects.toThrow('subscriptions_ended_when_over');
    });

    it('a duplicate due transition, and a change of recorded proration lines', async () => {
      const act = () =>
        service.database.query(
          `insert into subscription_actions (customer_id, subscription_id, period_start, period_end, action, done_at) values ($1, $2, '2027-01-01', '2027-02-01', 'renewal', now())`,
          [ids.customer, ids.subscription],
        );
      await act();
      await expect(act()).rejects.toThrow('subscription_actions_pkey');
      const { call } = await createApiKey(service);
      const { body } = await call('PUT', '/v1/customers/charged', { body: { product: 'api', plan: 'basic-monthly' } });
      await call('POST', `/v1/subscriptions/${body.subscription.id}/change`, { body: { plan: 'quota', when: 'now' } });
      expect(await service.database.query('select 1 from subscription_lines')).not.toHaveLength(0);
      await expect(service.database.query('update subscription_lines set amount = 1')).rejects.toThrow('append-only');
    });

    it('any change of a recorded event', async () => {
      await expect(service.database.query('delete from events')).rejects.toThrow('append-only');
      await expect(service.database.query(`update events set reason = 'x'`)).rejects.toThrow('append-only');
    });
  });

  it('a partial registration: a failure leaves no row', async () => {
    const counts = () =>
      service.database.query(
        'select (select count(*) from customers) c, (select count(*) from subscriptions) s, (select count(*) from users) u, (select count(*) from events) e',
      );
    const before = await counts();
    const { status } = await service.call('POST', '/v1/auth/register', {
      body: { email: 'ADMIN@localhost', password: 'a long enough password' },
    });
    expect(status).toBe(409);
    expect(await counts()).toEqual(before);
  });
});
