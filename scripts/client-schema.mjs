import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { ensureBuilt } from './build.mjs';

/** Generates the client's types, clients/typescript/src/schema.ts, from the OpenAPI document of the built service. */
const root = path.resolve(import.meta.dirname, '..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-client-'));
fs.chmodSync(folder, 0o755);
ensureBuilt();
const service = spawn(process.execPath, ['scripts/start.mjs'], {
  cwd: root,
  env: { ...process.env, DATA_DIR: folder, DATABASE_URL: '', PORT: '0', WORKER: 'off' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const url = await new Promise((resolve, reject) => {
    let output = '';
    service.stdout.on('data', (data) => {
      output += data;
      const found = /API +(http:\/\/[^/\s]+)\/v1/.exec(output)?.[1];
      if (found) resolve(found);
    });
    service.once('exit', (code) => reject(new Error(`The service exited with code ${code}.`)));
  });
  const document = path.join(folder, 'openapi.json');
  fs.writeFileSync(document, await (await fetch(`${url}/openapi.json`)).text());
  execFileSync(
    process.execPath,
    ['node_modules/openapi-typescript/bin/cli.js', document, '-o', 'clients/typescript/src/schema.ts'],
    { cwd: root, stdio: 'inherit' },
  );
} finally {
  await new Promise((resolve) => service.once('exit', resolve) && service.kill('SIGTERM'));
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
