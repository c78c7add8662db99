import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type ConformanceCase, conformanceCases } from '../support/conformance.js';

const root = path.resolve(import.meta.dirname, '../..');
const names = fs
  .readdirSync(path.join(root, 'conformance'))
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace('.json', ''));
const specs = fs
  .readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.spec.ts'))
  .map((file) => fs.readFileSync(path.join(root, 'test', file), 'utf8'))
  .join('\n');

describe('the conformance cases', () => {
  it('have unique ids, a known origin and a rule', () => {
    const cases = names.flatMap((name) => conformanceCases<unknown>(name));
    const ids = cases.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    const misnamed = ({ origin, rule }: ConformanceCase) =>
      !['published', 'derived', 'contract', 'own'].includes(origin) || !['universal', 'policy'].includes(rule);
    expect(cases.filter(misnamed)).toEqual([]);
  });

  it('are each run by a test: a file by its name, a scenario by its id', () => {
    const unused = names.filter((name) => name !== 'scenarios' && !specs.includes(`>('${name}')`));
    const untested = conformanceCases<unknown>('scenarios').filter(({ id }) => !new RegExp(`\\b${id}\\b`).test(specs));
    expect([unused, untested.map(({ id }) => id)]).toEqual([[], []]);
  });

  it('are printed by npm run conformance', () => {
    const printed = execFileSync(process.execPath, [path.join(root, 'scripts/conformance.mjs')], { encoding: 'utf8' });
    for (const name of names) expect(printed).toContain(`## ${name}`);
    for (const { id } of conformanceCases<unknown>('scenarios')) expect(printed).toContain(`| ${id} |`);
  });
});
