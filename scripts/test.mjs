import { spawn } from 'node:child_process';
import * as path from 'node:path';
import './ready.mjs';

const root = path.resolve(import.meta.dirname, '..');
const { writeThrottlerForJest } = await import('./throttler-for-jest.mjs');
await writeThrottlerForJest();

const jest = path.join(root, 'node_modules', 'jest', 'bin', 'jest.js');
const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
// Tests wait for services and databases half of the time: three workers keep two cores busy.
const child = spawn(process.execPath, [...flags, jest, '--maxWorkers=3', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));
