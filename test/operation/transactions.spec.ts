import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { CatalogReader } from '@app/catalog';
import { CacheInvalidations, Database } from '@app/platform';
import { startApp, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Records statements that are sent while another one runs on their connection. The driver warns only once. */
function recordOverlaps(): { overlaps: unknown[]; stop: () => void } {
  const overlaps: unknown[] = [];
  const client = pg.Client.prototype as unknown as { query: (...statement: unknown[]) => unknown };
  const { query } = client;
  client.query = function (this: { pipeline: boolean; _activeQuery: object | null }, ...statement) {
    if (!this.pipeline && this._activeQuery) overlaps.push(statement[0]);
    return query.apply(this, statement);
  };
  return { overlaps, stop: () => (client.query = query) };
}

describe('a transaction', () => {
  let testDatabase: TestDatabase;
  let service: TestApp;
  let database: Database;
  const { overlaps, stop } = recordOverlaps();

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    service = await startApp({ database: testDatabase });
    database = service.app.get(Database);
    await testDatabase.query('create table marks (name text)');
    await testDatabase.query('grant all on marks to tollgate');
  });
  afterAll(async () => {
    await service.stop();
    await testDatabase.drop();
    stop();
  });
  afterEach(() => expect(overlaps.splice(0)).toEqual([]));

  const mark = (name: string) => database.write('insert into marks values ($1)', [name]);
  const marks = async () =>
    (await testDatabase.query<{ name: string }>('select name from marks')).map((row) => row.name);

  it('sends concurrent statements one after another', async () => {
    const read = (n: number) => database.query<{ n: number }>('select $1::integer as n', [n]);
    const rows = await database.transaction(() => Promise.all([1, 2, 3, 4].map(read)));
    expect(rows.flat().map(({ n }) => n)).toEqual([1, 2, 3, 4]);
  });

  it('reads the catalogue again after an invalidation', async () => {
    const [catalog, invalidations] = [service.app.get(CatalogReader), service.app.get(CacheInvalidations)];
    await service.admin('PATCH', '/v1/products/default', { body: { name: 'Before' } });
    await database.transaction(async () => {
      await database.query('select 1');
      const read = catalog.getProduct('default');
      for (let change = 0; change < 3; change++) {
        invalidations['notifyCatalog']();
        await turn();
      }
      expect((await read).name).toBe('Before');
    });
  });

  it('writes nothing after the failure of one of its branches', async () => {
    const late = async () => {
      await database.query('select pg_sleep(0.05)');
      await mark('late');
    };
    const failed = database.transaction(() => Promise.all([Promise.reject(new Error('refused')), late()]));
    await expect(failed).rejects.toThrow('refused');
    expect(await marks()).toEqual([]);
  });

  it('refuses a statement that nothing waits for', async () => {
    let late: Promise<unknown> = Promise.resolve();
    await database.transaction(async () => {
      await mark('in time');
      late = database.query('select pg_sleep(0.05)').then(() => mark('too late'));
      late.catch(() => undefined);
    });
    await expect(late).rejects.toThrow('The transaction has ended');
    expect(await marks()).toEqual(['in time']);
  });
});
