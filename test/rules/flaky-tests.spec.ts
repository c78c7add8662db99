import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { temporaryFolder } from '../support/process.js';

const root = path.resolve(import.meta.dirname, '../..');
const folders: string[] = [];

/** Runs test files that fail in their first runs: `failures` has the number of these for each file. */
function runTests({ failures, retry }: { failures: number[]; retry: boolean }) {
  const folder = temporaryFolder();
  folders.push(folder);
  failures.forEach((count, index) => {
    const runs = JSON.stringify(path.join(folder, `runs-${index}`));
    fs.writeFileSync(
      path.join(folder, `file-${index}.spec.js`),
      `const fs = require('node:fs');
      it('test ${index} passes', () => {
        fs.appendFileSync(${runs}, '.');
        if (fs.readFileSync(${runs}, 'utf8').length <= ${count}) throw new Error('cause ${index}');
      });`,
    );
  });
  fs.writeFileSync(path.join(folder, 'jest.config.json'), JSON.stringify({ rootDir: folder, transform: {} }));
  const { PATH, HOME } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['scripts/test.mjs', '--config', path.join(folder, 'jest.config.json')],
    { cwd: root, env: { PATH, HOME, ...(retry && { RETRY_FAILED_TESTS: 'on' }) }, encoding: 'utf8' },
  );
  const runs = failures.map((_, index) => fs.readFileSync(path.join(folder, `runs-${index}`), 'utf8').length);
  return { status, stdout, output: stdout + stderr, runs };
}

describe('the run of the tests in CI', () => {
  afterEach(() => folders.splice(0).forEach((folder) => fs.rmSync(folder, { recursive: true })));

  it('runs failed files again, passes, and names the tests with their first failure', () => {
    const { status, stdout, runs } = runTests({ failures: [0, 1, 1, 1], retry: true });
    expect(stdout).toContain('FLAKY: these tests failed');
    for (const index of [1, 2, 3]) {
      expect(stdout).toContain(`file-${index}.spec.js\nFLAKY test ${index} passes`);
      expect(stdout).toContain(`cause ${index}`);
    }
    expect([status, runs]).toEqual([0, [1, 2, 2, 2]]);
  });

  it('fails after a second failure', () => {
    const { status, output, runs } = runTests({ failures: [1, 2], retry: true });
    expect(output).not.toContain('FLAKY');
    expect([status, runs]).toEqual([1, [2, 2]]);
  });

  it('fails after failures in four files', () => {
    const { status, runs } = runTests({ failures: [1, 1, 1, 1], retry: true });
    expect([status, runs]).toEqual([1, [1, 1, 1, 1]]);
  });

  it('is strict without the variable of CI', () => {
    const { status, runs } = runTests({ failures: [1], retry: false });
    expect([status, runs]).toEqual([1, [1]]);
  });
});
