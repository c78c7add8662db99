import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(import.meta.dirname, 'breaches');

const CONFIG = `
import config from '../../../jest.config.mjs';
const { globalSetup, globalTeardown, testPathIgnorePatterns, ...integration } = config.projects[1];
export default { ...integration, testMatch: ['<rootDir>/test/rules/breaches/*.spec.ts'] };`;

/** Each test logs one line; only the last two declare it, and information needs no declaration. */
const SEEDED = `
import { spawn } from 'node:child_process';
import { it } from '@jest/globals';
import { allowLog, expectLog, recordStderr, TestLog } from '../../support/log.js';

const log = new TestLog();
it('logger error', () => log.error({ message: 'seeded', error: 'stack of the error' }, 'Http'));
it('logger warning', () => log.warn('seeded'));
it('console error', () => console.error('seeded'));
it('standard output', () => void process.stdout.write('seeded'));
it('process warning', async () => {
  process.emitWarning('seeded');
  await new Promise((resolve) => setImmediate(resolve));
});
it('unhandled rejection', async () => {
  void Promise.reject(new Error('seeded'));
  await new Promise((resolve) => setTimeout(resolve, 10));
});
it('child process', async () => {
  const child = spawn(process.execPath, ['-e', 'console.error("seeded")']);
  recordStderr('child', child);
  await new Promise((resolve) => child.once('close', resolve));
});
it('missing line', () => expectLog(/seeded/));
it('information', () => log.log('seeded'));
it('expected line', () => {
  expectLog(/seeded/);
  log.error('seeded');
});
it('allowed line', () => {
  allowLog(/seeded/);
  log.error('seeded');
});`;

const SEEDED_IN_HOOK = `
import { afterAll, it } from '@jest/globals';
it('logs nothing', () => undefined);
afterAll(() => console.error('seeded'));`;

interface JestReport {
  testResults: {
    name: string;
    message: string;
    assertionResults: { title: string; status: string; failureMessages: string[] }[];
  }[];
}

/** Runs Jest on seeded test files with the configuration of the suite. */
describe('the log of a test', () => {
  let report: JestReport;
  const resultOf = (title: string): { status: string; failureMessages: string[] } =>
    report.testResults.flatMap(({ assertionResults }) => assertionResults).find((one) => one.title === title)!;

  beforeAll(() => {
    fs.mkdirSync(folder, { recursive: true });
    const write = (name: string, text: string): void => fs.writeFileSync(path.join(folder, name), text);
    write('jest.config.mjs', CONFIG);
    write('seeded.spec.ts', SEEDED);
    write('hook.spec.ts', SEEDED_IN_HOOK);
    const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
    const jest = path.join(root, 'node_modules/jest/bin/jest.js');
    const config = path.join(folder, 'jest.config.mjs');
    const { stdout } = spawnSync(process.execPath, [...flags, jest, '--json', '--runInBand', '--config', config], {
      encoding: 'utf8',
    });
    report = JSON.parse(stdout) as JestReport;
  }, 60_000);
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  it.each([
    'logger error',
    'logger warning',
    'console error',
    'process warning',
    'unhandled rejection',
    'child process',
  ])('fails for a seeded %s that the test does not expect, with the line in its message', (title) => {
    expect(resultOf(title).status).toBe('failed');
    expect(resultOf(title).failureMessages.join('\n')).toContain('seeded');
  });

  it('shows the fields of a logged object', () => {
    expect(resultOf('logger error').failureMessages.join('\n')).toContain('error: stack of the error');
  });

  it('fails when an expected line is missing', () => {
    expect(resultOf('missing line').status).toBe('failed');
    expect(resultOf('missing line').failureMessages.join('\n')).toContain('Missing log line: /seeded/');
  });

  it('fails the file for a line after its last test', () => {
    const hook = report.testResults.find(({ name }) => name.endsWith('hook.spec.ts'))!;
    expect(hook.message).toContain('console.error: seeded');
  });

  it.each(['information', 'expected line', 'allowed line'])('passes for an %s', (title) => {
    expect(resultOf(title).status).toBe('passed');
  });
});
