import { spawn } from 'node:child_process';
import * as path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { migrations } from '../../migrations/index.js';
import { migrate, pendingMigrations } from '../../migrations/migrate.js';
import { documentedSql } from '../support/documented-sql.js';
import { createEmptyDatabase, type EmptyDatabase } from '../support/empty-database.js';
import { allowLog, expectLog } from '../support/log.js';

const root = path.resolve(import.meta.dirname, '../..');
/** Upper limit in ms for a query behind a waiting migration, with a margin for a slow machine. */
const LOCK_TIMEOUT_MS = 200;
const SLACK_MS = 250;

/** A migration with these statements. */
function step(name: string, sql: string[], transaction = true): new () => MigrationInterface {
  const written = {
    [name]: class {
      transaction = transaction;

      async up(runner: QueryRunner): Promise<void> {
        for (const statement of sql) await runner.query(statement);
      }

      async down(): Promise<void> {}
    },
  };
  return written[name]!;
}

const NOTES = step('Notes1800000000000', [
  'create table notes (id integer primary key, body text)',
  `insert into notes values (1, 'a')`,
]);
const EXPAND = step('Expand1800000000001', ['alter table notes add column color text']);
const INDEX = step(
  'Index1800000000002',
  ['set lock_timeout = 0', 'create index concurrently if not exists notes_by_body on notes (body)'],
  false,
);

describe('migrate', () => {
  // Each attempt that does not get its lock.
  allowLog(/canceling statement due to lock timeout/);

  let database: EmptyDatabase;
  beforeEach(async () => {
    database = await createEmptyDatabase();
  });
  afterEach(() => database.drop());

  const appliedSteps = async (): Promise<string[]> =>
    (await database.client.query<{ name: string }>('select name from schema_migrations order by id')).rows.map(
      ({ name }) => name,
    );
  const validIndexes = async (): Promise<boolean[]> =>
    (
      await database.client.query<{ valid: boolean }>(
        `select indisvalid as valid from pg_index where indexrelid = to_regclass('notes_by_body')`,
      )
    ).rows.map(({ valid }) => valid);
  /** Locks the table like a long transaction that reads it. @returns a function that ends it */
  const lockTable = async (): Promise<() => Promise<unknown>> => {
    const reader = await database.connect();
    await reader.query('begin');
    await reader.query('select count(*) from notes');
    return () => reader.query('commit');
  };

  /** The query of docs/upgrade.md for sessions that block the migration. */
  const [question] = documentedSql('upgrade.md', 'select a.pid');
  const holders = async (): Promise<string[]> =>
    (await database.client.query<{ state: string }>(question!)).rows.map(({ state }) => state);

  it('blocks readers no longer than lock_timeout and finishes after the lock is released', async () => {
    await migrate(database.url, { steps: [NOTES] });
    const letGo = await lockTable();
    const messages: string[] = [];
    let migrated = false;
    const migrating = migrate(database.url, {
      steps: [NOTES, EXPAND],
      report: (message) => messages.push(message),
    }).then(() => (migrated = true));
    const waits: number[] = [];
    const reading = (async () => {
      while (!migrated) {
        const startedAt = performance.now();
        await database.client.query('select body from notes');
        waits.push(performance.now() - startedAt);
        await pause(10);
      }
    })();
    // Most of the time the migration does not queue for the lock, so that others are not blocked.
    const found = async (): Promise<void> => {
      while (!(await holders()).includes('idle in transaction')) await pause(20);
    };
    await Promise.all([found(), pause(3_000)]);
    expect(migrated).toBe(false);
    await letGo();
    await Promise.all([migrating, reading]);
    // Readers waited behind the migration, until its lock timeout.
    expect(Math.max(...waits)).toBeGreaterThan(LOCK_TIMEOUT_MS / 2);
    expect(Math.max(...waits)).toBeLessThan(LOCK_TIMEOUT_MS + SLACK_MS);
    expect(messages[0]).toBe('Expand1800000000001 waits for a lock: try 1 of 30.');
    expect((await database.client.query('select color from notes')).rows).toEqual([{ color: null }]);
    expect(await appliedSteps()).toEqual([NOTES.name, EXPAND.name]);
  }, 30_000);

  it('fails with a clear message and no change while the lock is held', async () => {
    await migrate(database.url, { steps: [NOTES] });
    const letGo = await lockTable();
    const half = step('Half1800000000001', [
      'create table half (id integer)',
      'alter table notes add column color text',
    ]);
    await expect(migrate(database.url, { steps: [NOTES, half], tries: 2 })).rejects.toThrow(
      'Half1800000000001 did not get its lock in 2 tries',
    );
    await letGo();
    expect((await database.client.query(`select to_regclass('half') as half`)).rows).toEqual([{ half: null }]);
    expect(await pendingMigrations(database.url, [NOTES, half])).toEqual([half.name]);
    await migrate(database.url, { steps: [NOTES, half] });
    expect(await appliedSteps()).toEqual([NOTES.name, half.name]);
  }, 30_000);

  it('a failed migration leaves nothing behind and keeps the earlier ones', async () => {
    const broken = step('Broken1800000000001', [
      'create table half (id integer)',
      `update notes set body = 'b'`,
      'select 1 / 0',
    ]);
    expectLog(/division by zero/);
    await expect(migrate(database.url, { steps: [NOTES, broken, EXPAND] })).rejects.toThrow('division by zero');
    expect(await appliedSteps()).toEqual([NOTES.name]);
    expect((await database.client.query(`select to_regclass('half') as half, body from notes`)).rows).toEqual([
      { half: null, body: 'a' },
    ]);
    const fixed = step(broken.name, ['create table half (id integer)']);
    await migrate(database.url, { steps: [NOTES, fixed, EXPAND] });
    expect(await appliedSteps()).toEqual([NOTES.name, fixed.name, EXPAND.name]);
  });

  it('waits for another migration process and then finds its work done', async () => {
    let ran = 0;
    const slow = step('Slow1800000000001', [`select pg_sleep(3)`]);
    const counted = class extends slow {
      override async up(runner: QueryRunner): Promise<void> {
        ran++;
        await super.up(runner);
      }
    };
    Object.defineProperty(counted, 'name', { value: slow.name });
    // A role may have its own limits.
    await database.client.query(
      `alter role tollgate in database ${new URL(database.url).pathname.slice(1)} set lock_timeout = 500`,
    );
    await Promise.all(Array.from({ length: 3 }, () => migrate(database.url, { steps: [counted] })));
    expect(ran).toBe(1);
    expect(await appliedSteps()).toEqual([slow.name]);
  }, 30_000);

  it('builds an index without being blocked by waiting migrations', async () => {
    await Promise.all(Array.from({ length: 3 }, () => migrate(database.url, { steps: [NOTES, INDEX] })));
    expect(await validIndexes()).toEqual([true]);
    expect(await appliedSteps()).toEqual([NOTES.name, INDEX.name]);
  }, 30_000);

  it('rebuilds an index that an interrupted attempt left invalid', async () => {
    const hasty = step(
      INDEX.name,
      [`set lock_timeout = '300ms'`, 'create index concurrently if not exists notes_by_body on notes (body)'],
      false,
    );
    await migrate(database.url, { steps: [NOTES] });
    // A concurrent index build waits for all transactions that have written to the table.
    const writer = await database.connect();
    await writer.query('begin');
    await writer.query(`update notes set body = 'c'`);
    await expect(migrate(database.url, { steps: [NOTES, hasty], tries: 1 })).rejects.toThrow('did not get its lock');
    expect(await validIndexes()).toEqual([false]);
    const again = migrate(database.url, { steps: [NOTES, hasty] });
    await pause(500);
    await writer.query('commit');
    await again;
    expect(await validIndexes()).toEqual([true]);
  }, 30_000);

  it('concurrent processes on an empty database apply each migration once (T-24)', async () => {
    const ended = await Promise.all(
      Array.from({ length: 5 }, () => {
        const child = spawn(process.execPath, ['dist/migrations/migrate.js'], {
          cwd: root,
          env: { PATH: process.env['PATH'], DATABASE_URL: database.url },
        });
        let said = '';
        child.stdout.on('data', (data) => (said += String(data)));
        child.stderr.on('data', (data) => (said += String(data)));
        return new Promise((resolve) => child.once('close', (code) => resolve({ code, said })));
      }),
    );
    expect(ended).toEqual(Array.from({ length: 5 }, () => ({ code: 0, said: 'The schema is up to date.\n' })));
    expect(await appliedSteps()).toEqual(migrations.map(({ name }) => name));
    expect(await pendingMigrations(database.url)).toEqual([]);
  }, 60_000);
});
