import { spawn } from 'node:child_process';
import * as path from 'node:path';
import { ensureInstalled } from './install.mjs';

const root = path.resolve(import.meta.dirname, '..');
ensureInstalled();
const { ensureBuilt } = await import('./build.mjs');
ensureBuilt();
const { writeThrottlerForJest } = await import('./throttler-for-jest.mjs');
await writeThrottlerForJest();

const jest = path.join(root, 'node_modules', 'jest', 'bin', 'jest.js');
const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const child = spawn(process.execPath, [...flags, jest, '--maxWorkers=2', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));
