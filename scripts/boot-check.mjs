import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-boot-'));
fs.chmodSync(folder, 0o755);

/** Starts the built service as `npm start` does, requests its main pages, and stops it. */
async function bootCheck() {
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    cwd: root,
    env: { ...process.env, DATA_DIR: folder, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const began = Date.now();
  let url;
  while (!url) {
    if (child.exitCode !== null || Date.now() - began > 60_000)
      throw new Error(`The service did not start within 60 s:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    url = /API +(http:\/\/[^/\s]+)\/v1/.exec(output)?.[1];
  }
  console.log(`ready after ${Date.now() - began} ms`);
  for (const at of ['/health/live', '/health/ready', '/openapi.json', '/docs', '/v1/plans']) {
    const { status } = await fetch(url + at);
    console.log(`${status} ${at}`);
    if (status !== 200) throw new Error(`${at} answered ${status}`);
  }
  child.kill('SIGTERM');
  const code = await ended;
  if (code !== 0) throw new Error(`The service exited with code ${code}.`);
  if (fs.existsSync(path.join(folder, 'postgres', 'postmaster.pid')))
    throw new Error('The embedded PostgreSQL is still running.');
}

await bootCheck().finally(() => fs.rmSync(folder, { recursive: true, force: true }));
