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

/** Breaches of migrations released before this lint. They never change, so no entry may be added. */
const GRANTS = [
  {
    rule: 'require-lock-timeout',
    to: ['FirstSchema1700000000000', METERING, LIFECYCLE, PEOPLE, EVENTS, DELIVERIES],
    why: 'Released before the rule existed: they run while the service is stopped.',
  },
  {
    rule: 'require-concurrent-index-creation',
    to: [METERING, LIFECYCLE, PEOPLE],
    why: 'The indexes must appear together with the other changes of the transaction, for which writers wait anyway.',
  },
  {
    rule: 'require-concurrent-index-deletion',
    to: [LIFECYCLE, EVENTS],
    why: 'The same transaction gives their names to other indexes.',
  },
  {
    rule: 'constraint-missing-not-valid',
    to: [METERING, LIFECYCLE, PEOPLE, DELIVERIES],
    why: 'A row that breaks the constraint must fail the whole transaction, which fills or changes the rows.',
  },
  {
    rule: 'adding-foreign-key-constraint',
    to: [LIFECYCLE, PEOPLE],
    why: 'The columns are new and empty, so no row is checked.',
  },
  {
    rule: 'adding-not-nullable-field',
    to: [METERING, PEOPLE],
    why: 'The statement before fills the column, in the same transaction.',
  },
  {
    rule: 'ban-drop-not-null',
    to: [LIFECYCLE, PEOPLE],
    why: 'Only code of the same release writes null there.',
  },
  { rule: 'renaming-table', to: [EVENTS], why: 'The same transaction gives the name to the partitioned table.' },
  { rule: 'ban-drop-table', to: [EVENTS], why: 'The same transaction moves its rows.' },
  {
    rule: 'ban-drop-column',
    to: [DELIVERIES],
    why: 'The same transaction moves their values; the previous release does not run concurrently.',
  },
];

/** The SQL statements of a migration, recorded without a database. */
async function statementsOf(Migration) {
  const statements = [];
  const recorder = new Proxy(
    {},
    {
      get(_, name) {
        if (name !== 'query')
          throw new Error(
            `${Migration.name} uses ${String(name)} of its runner: only SQL passed to query() can be checked.`,
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
      `squawk did not run (status ${status}). npm installs its program for Linux, macOS and Windows.\n${stderr}`,
    );
  return JSON.parse(stdout).map(({ file, line, rule_name: rule, message, help }) => ({
    file,
    line,
    rule,
    message,
    help,
  }));
}

/** Finds each `-- squawk-ignore RULE` without a comment above it that gives the reason. */
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
            message: 'Give the reason in a comment above, and name each rule: -- squawk-ignore RULE',
          },
        ]
      : [],
  );
}

const isGranted = (finding) =>
  GRANTS.some(({ rule, to }) => rule === finding.rule && to.includes(path.basename(finding.file, '.sql')));

/** Grants that are not needed, or given to a migration that is not released. */
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

/** Checks the migrations in the folder's index.js. @returns one text per problem */
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
    const problems = findings
      .filter((finding) => !isGranted(finding))
      .map(({ file, line, rule, message, help }) =>
        [
          `${path.basename(file, '.sql')}: ${rule}: ${message}`,
          `    ${linesOf.get(file)[line]?.trim()}`,
          ...(help ? [`    ${help}`] : []),
        ].join('\n'),
      );
    return [
      ...problems,
      ...brokenGrants(
        migrations.map(({ name }) => name),
        findings,
      ),
    ];
  } finally {
    fs.rmSync(sql, { recursive: true, force: true });
  }
}

/**
 * `npm run lint:migrations`: checks that no migration blocks a table in use or breaks the previous release.
 * Another folder of built migrations may be given as the argument.
 */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  if (!folder) await ensureBuilt();
  const problems = await lintMigrations(path.resolve(folder ?? path.join(root, 'dist', 'migrations')));
  for (const problem of problems) console.error(problem);
  console.error(problems.length === 0 ? 'The migrations have no problems.' : `${problems.length} problems.`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
