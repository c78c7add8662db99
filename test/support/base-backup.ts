import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import pg from 'pg';

/** Files of a running server that a backup omits (PostgreSQL, "Making a Base Backup Using the Low Level API"). */
const EXCLUDED = new Set([
  'postmaster.pid',
  'postmaster.opts',
  'owner.pid',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_wal',
]);
const EMPTY_FOLDERS = [
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_wal',
  'pg_wal/archive_status',
];

/** Settings of a server that archives its WAL in a folder. */
export const archiveSettings = (archive: string): Record<string, string> => ({
  archive_mode: 'on',
  archive_command: `test ! -f ${archive}/%f && cp %p ${archive}/%f`,
});

/** Settings of a server that replays the archive up to an instant and then accepts connections. */
export const recoverySettings = (archive: string, until: string): Record<string, string> => ({
  archive_mode: 'off',
  restore_command: `cp ${archive}/%f %p`,
  recovery_target_time: until,
  recovery_target_action: 'promote',
});

/** Copies the folder of a running server like pg_basebackup, which need not be installed. */
export async function takeBaseBackup(superuserUrl: string, dataDir: string, backup: string): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query(`select pg_backup_start('test', true)`);
    await copy(dataDir, backup);
    const { rows } = await client.query<{ label: string }>('select labelfile as label from pg_backup_stop()');
    await fs.writeFile(path.join(backup, 'backup_label'), rows[0]!.label);
    await fs.writeFile(path.join(backup, 'recovery.signal'), '');
    const owner = await fs.stat(dataDir);
    for (const folder of EMPTY_FOLDERS) await fs.mkdir(path.join(backup, folder), { mode: 0o700 });
    for (const made of [...EMPTY_FOLDERS, 'backup_label', 'recovery.signal'])
      await fs.chown(path.join(backup, made), owner.uid, owner.gid);
  } finally {
    await client.end();
  }
}

/** Copies a file or folder with its owner. Files deleted meanwhile are skipped: the WAL has their changes. */
async function copy(from: string, to: string): Promise<void> {
  const stat = await fs.stat(from).catch(() => null);
  if (!stat) return;
  if (stat.isDirectory()) {
    await fs.mkdir(to, { mode: stat.mode });
    for (const name of await fs.readdir(from))
      if (!EXCLUDED.has(name)) await copy(path.join(from, name), path.join(to, name));
  } else
    await fs
      .copyFile(from, to)
      .catch((error: NodeJS.ErrnoException) => error.code === 'ENOENT' || Promise.reject(error));
  await fs
    .chown(to, stat.uid, stat.gid)
    .catch((error: NodeJS.ErrnoException) => error.code === 'ENOENT' || Promise.reject(error));
}
