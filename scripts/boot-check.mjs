import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-boot-'));
fs.chmodSync(folder, 0o755);
const START_MS = 60_000;

/** Starts the built service as `npm start` does, requests its main pages, and stops it. */
async function bootCheck() {
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    cwd: root,
    // The first answers of a busy machine are slow.
    env: { REQUEST_DEADLINE_MS: '20000', ...process.env, DATA_DIR: folder, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    await checkPages(await addressOf(child));
  } finally {
    child.kill('SIGTERM');
  }
  const code = await ended;
  if (code !== 0) throw new Error(`The service exited with code ${code}.`);
  if (fs.existsSync(path.join(folder, 'postgres', 'postmaster.pid')))
    throw new Error('The embedded PostgreSQL is still running.');
}

async function addressOf(child) {
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  const began = Date.now();
  for (;;) {
    const url = /API +(http:\/\/[^/\s]+)\/v1/.exec(output)?.[1];
    if (url) {
      console.log(`ready after ${Date.now() - began} ms`);
      return url;
    }
    if (child.exitCode !== null || Date.now() - began > START_MS)
      throw new Error(`The service did not start within ${START_MS / 1_000} s:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Requests routes of the API, and the console and the portal with the files that they load first. */
async function checkPages(url) {
  const load = async (at) => {
    const answer = await fetch(url + at);
    console.log(`${answer.status} ${at}`);
    if (answer.status !== 200) throw new Error(`${at} answered ${answer.status}`);
    return answer.text();
  };
  for (const at of ['/health/live', '/health/ready', '/openapi.json', '/docs', '/v1/plans']) await load(at);
  for (const page of ['/admin', '/portal'])
    for (const [, asset] of (await load(page)).matchAll(/(?:src|href)="([^"]+)"/g)) await load(asset);
}

await bootCheck().finally(() => fs.rmSync(folder, { recursive: true, force: true }));
