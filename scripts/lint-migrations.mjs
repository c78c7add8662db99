import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensureBuilt } from './build.mjs';

const root = path.resolve(import.meta.dirname, '..');
const squawk = path.join(root, 'node_modules', 'squawk-cli', 'js', 'bin', 'squawk');
const LAST_RELEASED = 1700000000005;
const METERING = 'Metering1700000000001';
const LIFECYCLE = 'Lifecycle1700000000002';
const PEOPLE = 'People1700000000003';
const EVENTS = 'Events1700000000004';
const DELIVERIES = 'Deliveries1700000000005';

/** What migrations do that were released before this lint: they stay as they ran, so the list only gets shorter. */
const GRANTS = [
  {
    rule: 'require-lock-timeout',
    to: ['FirstSchema1700000000000', METERING, LIFECYCLE, PEOPLE, EVENTS, DELIVERIES],
    why: 'Released before there was the rule: they are run while the service stands still.',
  },
  {
    rule: 'require-concurrent-index-creation',
    to: [METERING, LIFECYCLE, PEOPLE],
    why: 'The indexes have to be there together with what else the transaction changes, and writers wait for all of it anyway.',
  },
  {
    rule: 'require-concurrent-index-deletion',
    to: [LIFECYCLE, EVENTS],
    why: 'Their names go to other indexes in the same transaction.',
  },
  {
    rule: 'constraint-missing-not-valid',
    to: [METERING, LIFECYCLE, PEOPLE, DELIVERIES],
    why: 'Rows that break them have to fail the transaction, which fills or changes them, as a whole.',
  },
  {
    rule: 'adding-foreign-key-constraint',
    to: [LIFECYCLE, PEOPLE],
    why: 'The columns are new and empty: no row is looked up.',
  },
  {
    rule: 'adding-not-nullable-field',
    to: [METERING, PEOPLE],
    why: 'The statement before fills the column, in the same transaction.',
  },
  {
    rule: 'ban-drop-not-null',
    to: [LIFECYCLE, PEOPLE],
    why: 'Only what came with the same release writes null there.',
  },
  { rule: 'renaming-table', to: [EVENTS], why: 'The name goes to the partitioned table in the same transaction.' },
  { rule: 'ban-drop-table', to: [EVENTS], why: 'Its rows have moved in the same transaction.' },
  {
    rule: 'ban-drop-column',
    to: [DELIVERIES],
    why: 'What they held has moved in the same transaction; the release before does not run beside it.',
  },
];

/** The statements that a migration would send, without a database. */
async function statementsOf(Migration) {
  const statements = [];
  const recorder = new Proxy(
    {},
    {
      get(_, name) {
        if (name !== 'query')
          throw new Error(
            `${Migration.name} uses ${String(name)} of its runner: only what goes through query() can be looked at.`,
          );
        return async (statement) => {
          statements.push(statement.trim().replace(/;$/, ''));
          return [];
        };
      },
    },
  );
  await new Migration().up(recorder);
  return statements;
}

function squawkOn(files, inTransaction) {
  if (files.length === 0) return [];
  const flags = [
    '--config',
    path.join(root, '.squawk.toml'),
    '--reporter',
    'json',
    inTransaction ? '--assume-in-transaction' : '--no-assume-in-transaction',
  ];
  const { stdout, stderr, status } = spawnSync(process.execPath, [squawk, ...flags, ...files], { encoding: 'utf8' });
  if (status !== 0 && !stdout.startsWith('['))
    throw new Error(
      `squawk did not run (${status}); its program comes with npm for Linux, macOS and Windows.\n${stderr}`,
    );
  return JSON.parse(stdout).map(({ file, line, rule_name: rule, message, help }) => ({
    file,
    line,
    rule,
    message,
    help,
  }));
}

/** `-- squawk-ignore RULE` stands below a comment that says why it may. */
function ignoredWithoutReason(file, lines) {
  const unexplained = (line, index) =>
    line.includes('squawk-ignore') &&
    !(
      /^\s*-- squawk-ignore [\w-]+(, [\w-]+)*$/.test(line) && /^\s*-- (?!squawk-ignore)\w/.test(lines[index - 1] ?? '')
    );
  return lines.flatMap((line, index) =>
    unexplained(line, index)
      ? [
          {
            file,
            line: index,
            rule: 'ignore-with-reason',
            message: 'Say why above, in a comment, and name each rule: -- squawk-ignore RULE',
          },
        ]
      : [],
  );
}

const isGranted = (finding) =>
  GRANTS.some(({ rule, to }) => rule === finding.rule && to.includes(path.basename(finding.file, '.sql')));

/** Grants that nobody may have, or nobody needs. */
function brokenGrants(names, findings) {
  const needed = new Set(findings.map(({ file, rule }) => `${path.basename(file, '.sql')} ${rule}`));
  const given = GRANTS.flatMap(({ rule, to }) => to.map((name) => ({ rule, name })));
  return given
    .filter(
      ({ rule, name }) =>
        Number(name.slice(-13)) > LAST_RELEASED || (names.includes(name) && !needed.has(`${name} ${rule}`)),
    )
    .map(({ rule, name }) => `${name} is granted ${rule}, which it does not need or may not have.`);
}

/** @returns what is wrong with the migrations that the folder's index.js lists, a text each; none if all is well */
export async function lintMigrations(folder) {
  const { migrations } = await import(pathToFileURL(path.join(folder, 'index.js')).href);
  const sql = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-migrations-'));
  try {
    const files = [];
    for (const Migration of migrations) {
      const file = path.join(sql, `${Migration.name}.sql`);
      fs.writeFileSync(file, `${(await statementsOf(Migration)).join(';\n')};\n`);
      files.push({ file, inTransaction: new Migration().transaction !== false });
    }
    const linesOf = new Map(files.map(({ file }) => [file, fs.readFileSync(file, 'utf8').split('\n')]));
    const findings = [true, false].flatMap((inTransaction) =>
      squawkOn(
        files.filter((one) => one.inTransaction === inTransaction).map(({ file }) => file),
        inTransaction,
      ),
    );
    for (const [file, lines] of linesOf) findings.push(...ignoredWithoutReason(file, lines));
    const told = findings
      .filter((finding) => !isGranted(finding))
      .map(({ file, line, rule, message, help }) =>
        [
          `${path.basename(file, '.sql')}: ${rule}: ${message}`,
          `    ${linesOf.get(file)[line]?.trim()}`,
          ...(help ? [`    ${help}`] : []),
        ].join('\n'),
      );
    return [
      ...told,
      ...brokenGrants(
        migrations.map(({ name }) => name),
        findings,
      ),
    ];
  } finally {
    fs.rmSync(sql, { recursive: true, force: true });
  }
}

/** `npm run lint:migrations`: looks at what every migration would do to tables that others use meanwhile. Another folder of built migrations may be named. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  if (!folder) ensureBuilt();
  const told = await lintMigrations(path.resolve(folder ?? path.join(root, 'dist', 'migrations')));
  for (const one of told) console.error(one);
  console.error(told.length === 0 ? 'The migrations are well.' : `${told.length} to mend.`);
  process.exitCode = told.length === 0 ? 0 : 1;
}
