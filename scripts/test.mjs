import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import './ready.mjs';

const root = path.resolve(import.meta.dirname, '..');
const { writeThrottlerForJest } = await import('./throttler-for-jest.mjs');
await writeThrottlerForJest();

const jest = path.join(root, 'node_modules', 'jest', 'bin', 'jest.js');
const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const given = process.argv.slice(2);
/** More failed files than this are no accident: they are not run again. */
const MAX_RETRIED = 3;

/** Runs Jest. @returns its exit code */
function run(...parameters) {
  const child = spawn(process.execPath, [...flags, jest, ...parameters], { cwd: root, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}

// Tests wait for services and databases half of the time: three workers keep two cores busy.
const runAll = (...parameters) => run('--maxWorkers=3', ...parameters, ...given);

/**
 * Runs the tests, and failed files once again, alone. When all of these pass, the run passes and names them as flaky.
 * @returns the exit code
 */
async function runWithRetry() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-results-'));
  const output = path.join(folder, 'results.json');
  try {
    const code = await runAll('--json', `--outputFile=${output}`);
    if (code === 0 || !fs.existsSync(output)) return code;
    const failed = JSON.parse(fs.readFileSync(output, 'utf8')).testResults.filter(({ status }) => status === 'failed');
    if (failed.length === 0 || failed.length > MAX_RETRIED) return code;
    console.log(`\n${failed.length} failed test files run again, alone.`);
    const again = await run('--maxWorkers=1', ...given, '--runTestsByPath', ...failed.map(({ name }) => name));
    if (again === 0) console.log(flakyBlock(failed));
    return again;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Names the failed tests, with the output of their failure. */
function flakyBlock(failed) {
  const line = '='.repeat(80);
  const files = failed.map(({ name, message, assertionResults }) => {
    const tests = assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => `FLAKY ${fullName}`);
    return [`FLAKY ${path.relative(root, name)}`, ...tests, message].join('\n');
  });
  return [line, 'FLAKY: these tests failed, and passed when they ran again alone. Fix them.', ...files, line].join(
    '\n',
  );
}

// Only .ci/run sets the variable: a person sees each failure.
process.exit(await (process.env.RETRY_FAILED_TESTS === 'on' ? runWithRetry() : runAll()));
