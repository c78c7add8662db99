import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** A database without a schema, for tests of migrations. */
export interface EmptyDatabase {
  url: string;
  client: pg.Client;
  /** Opens another connection of the same role. `drop` closes it. */
  connect(): Promise<pg.Client>;
  drop(): Promise<void>;
}

export async function createEmptyDatabase(): Promise<EmptyDatabase> {
  const name = `empty_${randomUUID().replaceAll('-', '')}`;
  const url = Object.assign(new URL(process.env['TEST_DATABASE_URL']!), { pathname: `/${name}` }).href;
  const admin = new pg.Client({ connectionString: process.env['TEST_SUPERUSER_URL'] });
  await admin.connect();
  await admin.query(`create database ${name} owner tollgate`);
  const clients: pg.Client[] = [];
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  };
  return {
    url,
    client: await connect(),
    connect,
    drop: async () => {
      await Promise.all(clients.map((client) => client.end()));
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}
