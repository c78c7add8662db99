import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(import.meta.dirname, '..');
const dist = path.join(root, 'dist');
const stamp = path.join(dist, '.built-from');
const SOURCES = ['apps', 'libs', 'migrations', 'nest-cli.json', 'tsconfig.json', 'package-lock.json'];

function* filesOf(at) {
  if (fs.statSync(at).isFile()) return yield at;
  for (const name of fs.readdirSync(at).sort()) yield* filesOf(path.join(at, name));
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const source of SOURCES)
    for (const file of filesOf(path.join(root, source))) hash.update(file).update(fs.readFileSync(file));
  return hash.digest('hex');
}

/** Builds api and worker into dist/, unless dist/ was built from the same sources. `force` builds always. */
export function ensureBuilt({ force = false } = {}) {
  const sources = fingerprint();
  if (!force && fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === sources) return;
  console.error('Building...');
  fs.rmSync(dist, { recursive: true, force: true });
  const nest = path.join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  // The build of the api includes the worker: both run from one dist/.
  execFileSync(process.execPath, [nest, 'build', 'api'], { cwd: root, stdio: ['ignore', 2, 2] });
  fs.writeFileSync(stamp, sources);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureBuilt({ force: true });
