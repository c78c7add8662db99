import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '..');
const NEST = 'node_modules/@nestjs/cli/bin/nest.js';
const PAGE_BUILD = ['scripts/build-page.mjs', 'scripts/page-config.mjs'];

const page = (name) => ({
  sources: [`apps/${name}`, 'clients/web', 'clients/react', ...PAGE_BUILD, 'package-lock.json'],
  outputs: [`dist/pages/${name}`],
  stamp: `dist/pages/${name}/.built-from`,
  command: [PAGE_BUILD[0], name],
});

/** The parts of the build, each with its own sources. */
const PARTS = {
  server: {
    sources: ['apps/api', 'apps/worker', 'libs', 'migrations', 'nest-cli.json', 'tsconfig.json', 'package-lock.json'],
    outputs: ['dist/apps', 'dist/libs', 'dist/migrations', 'dist/openapi.json'],
    stamp: 'dist/.built-from',
    // The build of the api includes the worker: both run from one dist/.
    command: [NEST, 'build', 'api'],
  },
  admin: page('admin'),
  portal: page('portal'),
};

function* filesOf(at) {
  const found = fs.statSync(path.join(root, at), { throwIfNoEntry: false });
  if (!found) return;
  if (found.isFile()) return yield at;
  // A package of clients/ may have been built beside its sources.
  for (const name of fs.readdirSync(path.join(root, at)).sort())
    if (name !== 'dist') yield* filesOf(path.posix.join(at, name));
}

/** Of names and contents: a copy of the sources elsewhere has the same. */
function fingerprint({ sources }) {
  const hash = createHash('sha256');
  for (const source of sources)
    for (const file of filesOf(source)) hash.update(`${file}\n`).update(fs.readFileSync(path.join(root, file)));
  return hash.digest('hex');
}

function isBuilt({ stamp }, sources) {
  const file = path.join(root, stamp);
  return fs.existsSync(file) && fs.readFileSync(file, 'utf8') === sources;
}

async function build(part, sources) {
  for (const output of [part.stamp, ...part.outputs])
    fs.rmSync(path.join(root, output), { recursive: true, force: true });
  await promisify(execFile)(process.execPath, part.command, { cwd: root }).catch(({ stdout, stderr }) => {
    throw new Error(`The build failed (${part.command.join(' ')}):\n${stdout}${stderr}`);
  });
  fs.writeFileSync(path.join(root, part.stamp), sources);
}

/** Records that a part in dist/ was built from the present sources, for tools that build it in another way. */
export function writeStamp(name = 'server') {
  fs.writeFileSync(path.join(root, PARTS[name].stamp), fingerprint(PARTS[name]));
}

/**
 * Builds the server (api and worker) and the pages into dist/: the parts whose sources have changed, side by side.
 * `force` builds all.
 */
export async function ensureBuilt({ force = false } = {}) {
  const stale = Object.entries(PARTS)
    .map(([name, part]) => ({ name, part, sources: fingerprint(part) }))
    .filter(({ part, sources }) => force || !isBuilt(part, sources));
  if (stale.length === 0) return;
  console.error(`Building ${stale.map(({ name }) => name).join(', ')}...`);
  const ends = await Promise.allSettled(stale.map(({ part, sources }) => build(part, sources)));
  const failures = ends.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.message);
  if (failures.length > 0) throw new Error(failures.join('\n'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensureBuilt({ force: true });
