import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = path.resolve(import.meta.dirname, '../..');

/** A breach for each place that holds prose. The only line of each file breaks a rule. */
const PLACES: { place: string; file: string; code: string; word: string }[] = [
  { place: 'a line comment', file: 'libs/users/src/a.ts', code: '// The user is told.', word: 'told' },
  { place: 'a doc comment', file: 'libs/users/src/b.ts', code: '/** Nobody reads it. */', word: 'Nobody' },
  { place: 'a script', file: 'scripts/a.mjs', code: '// Ask the database.', word: 'Ask' },
  {
    place: 'an error detail',
    file: 'libs/users/src/c.ts',
    code: `throw new DomainError('conflict', 'over', 'The period is over.');`,
    word: 'is over',
  },
  {
    place: 'an OpenAPI summary',
    file: 'apps/api/src/a.ts',
    code: `export const a = { summary: 'End a contract now' };`,
    word: 'contract',
  },
  {
    place: 'an event summary',
    file: 'libs/users/src/d.ts',
    code: `export const a = { subject: 'api_key', summary: 'An API key is dead.' };`,
    word: 'is dead',
  },
  {
    place: 'a log line',
    file: 'libs/users/src/e.ts',
    code: 'this.logger.warn(`Job ${name} failed and goes on.`);',
    word: 'goes on',
  },
  {
    place: 'a validation message',
    file: 'libs/users/src/f.ts',
    code: `z.string({ message: 'has a lane' });`,
    word: 'lane',
  },
  { place: 'console output', file: 'scripts/b.mjs', code: `console.log('The build is made anew');`, word: 'anew' },
  { place: 'a test name', file: 'test/a.spec.ts', code: `it('asks', () => undefined);`, word: 'asks' },
  {
    place: 'a parametrised test name',
    file: 'test/b.spec.ts',
    code: `describe.each([1])('what %s does', () => undefined);`,
    word: 'what',
  },
  { place: 'a document', file: 'docs/a.md', code: 'The price stands in the plan.', word: 'stands' },
  { place: 'a heading', file: 'docs/b.md', code: '## Who pays', word: 'Who' },
  { place: 'an alert', file: 'deploy/monitoring/alerts.yaml', code: 'summary: "Events lie at once"', word: 'at once' },
  { place: 'a dashboard', file: 'deploy/monitoring/a.json', code: '{ "title": "So many requests" }', word: 'So many' },
  { place: 'the configuration sample', file: '.env.example', code: '# By itself it is off.', word: 'By itself' },
];

const CLEAN: Record<string, string> = {
  'libs/users/src/code.ts': "export const told = 'told';\nexport const asked = /at once/;\n",
  'libs/users/src/sql.ts': 'query(`select told, at once from asked`);\n',
  'docs/code.md': 'Use `told`, never\n\n```\nwhat is told at once\n```\n',
  'docs/exempt.md': 'The HTTP contract changes in an expand-and-contract migration. What is a lease?\n',
  'docs/events.md': 'Generated, told.\n',
};

describe('prose lint', () => {
  let folder: string;
  const lint = (...files: string[]): { status: number | null; lines: string[] } => {
    const { status, stdout } = spawnSync(process.execPath, [path.join(root, 'scripts/lint-prose.mjs'), ...files], {
      cwd: folder,
      encoding: 'utf8',
    });
    return { status, lines: stdout.trim().split('\n') };
  };
  const write = (file: string, text: string): void => {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), text);
  };

  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-prose-'));
    for (const [file, text] of Object.entries(CLEAN)) write(file, text);
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('passes for code, SQL, code blocks, generated documents and exempt phrases', () => {
    expect(lint()).toEqual({ status: 0, lines: ['Prose of 4 files: no breaches.'] });
  });

  it('fails for a banned word in every place that holds prose', () => {
    for (const { file, code } of PLACES) write(file, `${code}\n`);
    const { status, lines } = lint(...PLACES.map(({ file }) => file));
    expect(status).toBe(1);
    for (const { place, file, word } of PLACES)
      expect({ place, line: lines.find((line) => line.startsWith(`${file}:1: `)) }).toEqual({
        place,
        line: expect.stringContaining(`${file}:1: "${word}": use `),
      });
    expect(lines).toHaveLength(PLACES.length + 1);
  });

  it('fails for a phrase that a line break divides', () => {
    write('libs/users/src/g.ts', '/**\n * Both are sent at\n * once.\n */\n// Both are sent at\n// once.\n');
    expect(lint('libs/users/src/g.ts').lines).toEqual([
      'libs/users/src/g.ts:2: "at once": use immediately, or concurrently',
      'libs/users/src/g.ts:5: "at once": use immediately, or concurrently',
      '2 breaches.',
    ]);
  });

  it('fails for a comment that ends after column 120', () => {
    write('libs/users/src/h.ts', `/** ${'x'.repeat(114)} */\n/** ${'x'.repeat(113)} */\n`);
    expect(lint('libs/users/src/h.ts').lines).toEqual([
      'libs/users/src/h.ts:1: comment ends at column 121: break the line before 120',
      '1 breaches.',
    ]);
  });
});
