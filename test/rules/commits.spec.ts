import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const script = path.resolve(import.meta.dirname, '../../scripts/lint-commits.mjs');

describe('commit subject lint', () => {
  let folder: string;
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], {
      cwd: folder,
      encoding: 'utf8',
    }).trim();
  /** Commits with these subjects, checked from the commit before them. */
  const lint = (...subjects: string[]): { status: number | null; stdout: string } => {
    const before = git('rev-parse', 'HEAD');
    for (const subject of subjects) git('commit', '--quiet', '--allow-empty', '--message', subject);
    const { status, stdout } = spawnSync(process.execPath, [script, `${before}..HEAD`], {
      cwd: folder,
      encoding: 'utf8',
    });
    return { status, stdout };
  };

  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-commits-'));
    git('init', '--quiet');
    git('commit', '--quiet', '--allow-empty', '--message', 'Older subjects are free');
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('passes for "scope: verb object" with up to 72 characters', () => {
    expect(lint('metering: move usage commands into domain/', `docs: explain ${'x'.repeat(58)}`)).toEqual({
      status: 0,
      stdout: '2 commit subjects, 0 with a problem.\n',
    });
  });

  it.each([
    ['a missing scope', 'Move usage commands'],
    ['an upper-case scope', 'Metering: move usage commands'],
    ['an upper-case verb', 'metering: Move usage commands'],
    ['a missing object', 'metering: move'],
    ['73 characters', `docs: explain ${'x'.repeat(59)}`],
    ['a final dot', 'metering: move usage commands.'],
  ])('fails for %s', (_, subject) => {
    const { status, stdout } = lint(subject);
    expect(status).toBe(1);
    expect(stdout).toContain(subject);
  });

  it('passes with a notice in a clone without the history', () => {
    const { status, stdout } = spawnSync(process.execPath, [script], { cwd: folder, encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toContain('Commit subjects were not checked');
  });
});
