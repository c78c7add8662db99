import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = path.resolve(import.meta.dirname, '../..');

/** SQL that must fail, and the table that the report names. */
const BREACHES = [
  { name: 'from', sql: `'select 1 from subscriptions s where s.id = $1'`, table: 'subscriptions' },
  { name: 'join', sql: `'select 1 from customers c left join api_keys k on k.customer_id = c.id'`, table: 'api_keys' },
  { name: 'list', sql: `'select 1 from customers c, (select 1) one, products p'`, table: 'products' },
  { name: 'insert', sql: `'insert into grants (id) values ($1)'`, table: 'grants' },
  { name: 'update', sql: `'update users set name = null'`, table: 'users' },
  { name: 'delete', sql: `'delete from notifications where id = $1'`, table: 'notifications' },
  { name: 'template', sql: '`select ${columns} from usage_ledger where ${condition}`', table: 'usage_ledger' },
  { name: 'subquery', sql: '`${condition} and exists (select 1 from plans where id = $1)`', table: 'plans' },
];

describe('table lint', () => {
  let tree: string;
  const write = (file: string, text: string): void => {
    fs.mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
    fs.writeFileSync(path.join(tree, file), text);
  };
  const lint = (): { status: number | null; output: string } => {
    const { status, stdout } = spawnSync(process.execPath, ['scripts/lint-tables.mjs'], {
      cwd: tree,
      encoding: 'utf8',
    });
    return { status, output: stdout };
  };
  const repository = (sql: string): string =>
    `declare const columns: string, condition: string;\nexport const sql = ${sql};\nexport const used = [columns, condition];\n`;

  beforeAll(() => {
    tree = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-tables-'));
    for (const folder of ['scripts', 'migrations'])
      fs.cpSync(path.join(root, folder), path.join(tree, folder), { recursive: true });
    fs.symlinkSync(path.join(root, 'node_modules'), path.join(tree, 'node_modules'));
  });
  afterAll(() => fs.rmSync(tree, { recursive: true, force: true }));

  it('accepts own and lower tables, common table expressions, and prose', () => {
    write(
      'libs/customers/src/customers.repository.ts',
      [
        `export const own = 'select 1 from customers c join test_clocks t on t.id = c.test_clock_id';`,
        `export const lower = 'insert into event_outbox (event_id) values ($1)';`,
        `export const named = 'with plans as (select 1 as id) select id from plans';`,
        `export const words = 'is no longer joined with plans';`,
      ].join('\n'),
    );
    expect(lint()).toEqual({ status: 0, output: expect.stringContaining('no breaches') });
  });

  it('reports SQL that names a table of a lib above, or beside', () => {
    for (const { name, sql } of BREACHES) write(`libs/customers/src/${name}.repository.ts`, repository(sql));
    write(
      'libs/customers/src/user.entity.ts',
      `import { Entity } from 'typeorm';\n@Entity('users')\nexport class User {}\n`,
    );
    const { status, output } = lint();
    expect(status).toBe(1);
    for (const { name, table } of [...BREACHES, { name: 'user.entity', table: 'users' }])
      expect(output).toMatch(new RegExp(`customers/src/${name}[.a-z]*:\\d+: names the table ${table} `));
    for (const { name } of BREACHES) fs.rmSync(path.join(tree, `libs/customers/src/${name}.repository.ts`));
    fs.rmSync(path.join(tree, 'libs/customers/src/user.entity.ts'));
  });

  it('reports SQL in an app', () => {
    write('apps/api/src/customers.controller.ts', repository(`'select key from customers where id = $1'`));
    expect(lint()).toEqual({ status: 1, output: expect.stringContaining('apps contain no SQL') });
    fs.rmSync(path.join(tree, 'apps'), { recursive: true });
  });

  it('reports a table without an owner', () => {
    write('migrations/1800000000000-parcels.ts', 'export const sql = `create table parcels (id uuid primary key)`;\n');
    expect(lint()).toEqual({ status: 1, output: expect.stringContaining('create the table parcels') });
    fs.rmSync(path.join(tree, 'migrations/1800000000000-parcels.ts'));
  });
});
