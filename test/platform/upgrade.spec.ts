import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { migrations } from '../../migrations/index.js';
import { migrate } from '../../migrations/migrate.js';

/** Events as stored before they had sequence numbers and monthly partitions. */
describe('an upgrade', () => {
  const name = `upgrade_${randomUUID().replaceAll('-', '')}`;
  const url = Object.assign(new URL(process.env['TEST_DATABASE_URL']!), { pathname: `/${name}` }).href;
  let admin: pg.Client;
  let client: pg.Client;

  beforeAll(async () => {
    admin = new pg.Client({ connectionString: process.env['TEST_SUPERUSER_URL'] });
    await admin.connect();
    await admin.query(`create database ${name} owner tollgate`);
    client = new pg.Client({ connectionString: url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  });

  it('keeps every event in order, and pending mail', async () => {
    const before = await new DataSource({
      type: 'postgres',
      url,
      migrations: migrations.slice(0, 4),
      migrationsTableName: 'schema_migrations',
    }).initialize();
    await before.runMigrations({ transaction: 'each' });
    await before.destroy();
    const [one, other, mail, sent] = Array.from({ length: 4 }, () => randomUUID());
    // Events of three months, stored out of order.
    const ids = [
      '0190a000-0000-7000-8000-000000000001',
      '0191a000-0000-7000-8000-000000000002',
      '01998a4e-8000-7000-8000-000000000003',
      '01998a4e-8000-7000-8000-000000000004',
    ];
    for (const [index, subject] of [other, one, one, one].entries()) {
      await client.query(
        `insert into events (id, type, subject_type, subject_id, actor, after, at) values ($1, 'customer.updated', 'customer', $2, '{"kind": "user", "id": null}', $3, now())`,
        [ids[3 - index], index === 0 ? subject : one, { n: index }],
      );
    }
    await client.query(
      `insert into account_mails (id, kind, email, canonical_email, due_at, attempts, created_at) values ($1, 'reset_password', 'a@b', 'a@b', now(), 2, now()), ($2, 'verify_email', 'c@d', 'c@d', null, 1, now())`,
      [mail, sent],
    );

    await migrate(url);
    const { rows } = await client.query<{ id: string; sequence: string; month: string; n: number }>(
      `select id, sequence, tableoid::regclass::text as month, (after ->> 'n')::int as n from events where subject_id = $1 order by id`,
      [one],
    );
    expect(rows).toEqual([
      { id: ids[0], sequence: '1', month: 'events_2024_07', n: 3 },
      { id: ids[1], sequence: '2', month: 'events_2024_08', n: 2 },
      { id: ids[2], sequence: '3', month: 'events_2025_09', n: 1 },
    ]);
    expect((await client.query('select subject_id as subject, last from event_sequences order by last')).rows).toEqual([
      { subject: other, last: '1' },
      { subject: one, last: '3' },
    ]);
    // Events of the past are not published again.
    expect((await client.query('select 1 from event_outbox')).rows).toEqual([]);
    expect((await client.query('select channel, message_id as message, type, status from deliveries')).rows).toEqual([
      { channel: 'account_mail', message: mail, type: 'reset_password', status: 'pending' },
    ]);
    await expect(client.query('delete from events')).rejects.toThrow('permission denied');
  }, 60_000);
});
