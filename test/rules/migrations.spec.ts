import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = path.resolve(import.meta.dirname, '../..');
const TIMEOUT = `set local lock_timeout = '5s'`;
const TABLE = 'alter table customers';

/** SQL that a migration must not run on a table in use, and the rule that reports it. */
const BREACHES: { rule: string; sql: string[] }[] = [
  { rule: 'require-lock-timeout', sql: [`${TABLE} add column note text`] },
  { rule: 'require-concurrent-index-creation', sql: [TIMEOUT, 'create index customers_by_name on customers (name)'] },
  { rule: 'require-concurrent-index-deletion', sql: [TIMEOUT, 'drop index customers_by_email'] },
  {
    rule: 'ban-concurrent-index-creation-in-transaction',
    sql: [TIMEOUT, 'create index concurrently customers_by_name on customers (name)'],
  },
  { rule: 'adding-not-nullable-field', sql: [TIMEOUT, `${TABLE} alter column name set not null`] },
  { rule: 'adding-field-with-default', sql: [TIMEOUT, `${TABLE} add column token uuid default gen_random_uuid()`] },
  { rule: 'adding-required-field', sql: [TIMEOUT, `${TABLE} add column token uuid not null`] },
  {
    rule: 'adding-foreign-key-constraint',
    sql: [TIMEOUT, `${TABLE} add constraint customers_clock foreign key (test_clock_id) references test_clocks (id)`],
  },
  {
    rule: 'constraint-missing-not-valid',
    sql: [TIMEOUT, `${TABLE} add constraint customers_named check (name <> '')`],
  },
  { rule: 'changing-column-type', sql: [TIMEOUT, `${TABLE} alter column name type bytea using name::bytea`] },
  { rule: 'renaming-column', sql: [TIMEOUT, `${TABLE} rename column name to title`] },
  { rule: 'renaming-table', sql: [TIMEOUT, `${TABLE} rename to clients`] },
  { rule: 'ban-drop-column', sql: [TIMEOUT, `${TABLE} drop column name`] },
  { rule: 'ban-drop-table', sql: [TIMEOUT, 'drop table customers'] },
  { rule: 'syntax-error', sql: [TIMEOUT, 'alter tabel customers add note text'] },
  { rule: 'ignore-with-reason', sql: [TIMEOUT, `-- squawk-ignore ban-drop-column\n${TABLE} drop column name`] },
  { rule: 'ignore-with-reason', sql: [TIMEOUT, `-- We like it.\n-- squawk-ignore-file\n${TABLE} drop column name`] },
  {
    rule: 'unused-ignore',
    sql: [TIMEOUT, `-- No release reads it any more.\n-- squawk-ignore no-such-rule\n${TABLE} add column note text`],
  },
];

describe('migration lint', () => {
  let tree: string;
  beforeAll(() => {
    tree = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-migrations-'));
  });
  afterAll(() => fs.rmSync(tree, { recursive: true, force: true }));

  const lint = (folder: string): { status: number | null; output: string } => {
    const { status, stderr } = spawnSync(process.execPath, [path.join(root, 'scripts/lint-migrations.mjs'), folder], {
      encoding: 'utf8',
    });
    return { status, output: stderr };
  };
  /** Writes a folder of migrations, numbered from the first unreleased one. */
  const writeMigrations = (
    name: string,
    migrations: { sql: string[]; transaction?: boolean; className?: string }[],
  ): string => {
    const folder = path.join(tree, name);
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(tree, 'package.json'), '{ "type": "module" }');
    const classes = migrations.map(({ sql, transaction = true, className }, index) => {
      const statements = `for (const statement of ${JSON.stringify(sql)}) await runner.query(statement);`;
      return `class ${className ?? `Seeded${1700000000006 + index}`} {\n  transaction = ${transaction};\n  async up(runner) { ${statements} }\n}`;
    });
    fs.writeFileSync(path.join(folder, 'index.js'), `export const migrations = [\n${classes.join(',\n')}\n];\n`);
    return folder;
  };

  it('passes for the migrations of the project', () => {
    expect(lint(path.join(root, 'dist/migrations'))).toEqual({
      status: 0,
      output: 'The migrations have no problems.\n',
    });
  });

  it('fails for SQL that blocks a table in use or breaks the previous release', () => {
    const { status, output } = lint(writeMigrations('breaches', BREACHES));
    expect(status).toBe(1);
    for (const [index, { rule, sql }] of BREACHES.entries()) {
      const rules = [...output.matchAll(new RegExp(`^Seeded${1700000000006 + index}: ([a-z-]+):`, 'gm'))].map(
        ([, name]) => name,
      );
      expect({ sql, rules }).toEqual({ sql, rules: expect.arrayContaining([rule]) });
    }
  });

  it('passes for migrations that expand, build indexes concurrently, and give a reason for a removal', () => {
    const folder = writeMigrations('careful', [
      {
        sql: [
          TIMEOUT,
          'create table notes (id uuid primary key, body text not null)',
          'create index notes_by_body on notes (body)',
          `${TABLE} add column note text`,
        ],
      },
      { sql: [TIMEOUT, `${TABLE} add constraint customers_named check (name <> '') not valid`] },
      {
        sql: [
          `set lock_timeout = '5s'`,
          'create index concurrently if not exists customers_by_name on customers (name)',
        ],
        transaction: false,
      },
      {
        sql: [
          TIMEOUT,
          `-- No code reads it since the previous release.\n-- squawk-ignore ban-drop-column\n${TABLE} drop column name`,
        ],
      },
    ]);
    expect(lint(folder)).toEqual({ status: 0, output: 'The migrations have no problems.\n' });
  });

  it('fails for an exemption that is not needed or given to an unreleased migration', () => {
    const { status, output } = lint(
      writeMigrations('grants', [
        { sql: ['create table notes (id uuid primary key)'], className: 'Metering1700000000001' },
      ]),
    );
    expect(status).toBe(1);
    expect(output).toContain(
      'Metering1700000000001 is granted adding-not-nullable-field, which it does not need or may not have.',
    );
  });

  it('fails for a migration that uses its runner for more than query()', () => {
    const folder = writeMigrations('runner', [{ sql: [] }]);
    fs.writeFileSync(
      path.join(folder, 'index.js'),
      'export const migrations = [class Seeded1700000000006 { async up(runner) { await runner.dropTable("customers"); } }];',
    );
    const { status, output } = lint(folder);
    expect(status).toBe(1);
    expect(output).toContain('uses dropTable of its runner');
  });
});
