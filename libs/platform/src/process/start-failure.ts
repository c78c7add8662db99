/** Text for each error code of listening on a port. */
const LISTENING: Record<string, (host: string, port: number) => string> = {
  EADDRINUSE: (host, port) =>
    `Port ${port} on ${host} is in use by another process. Stop that process, or set PORT to a free port.`,
  EACCES: (host, port) => `This user may not listen on port ${port} of ${host}. Set PORT to a port from 1024 on.`,
  EADDRNOTAVAIL: (host) => `${host} is no address of this machine. Set HOST to one of its addresses, or to 0.0.0.0.`,
  ENOTFOUND: (host) => `The host name ${host} is unknown. Set HOST to an address of this machine, or to 0.0.0.0.`,
};

/** Error codes of a folder that cannot be written. */
const UNWRITABLE: Record<string, string> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the user is used up',
  ENOTDIR: 'it is not a folder',
  EEXIST: 'it is not a folder',
  ENOENT: 'it cannot be created',
};

/** Explains an error of `listen`: which setting to change. Other errors are returned unchanged. */
export function listenFailure(error: unknown, { host, port }: { host: string; port: number }): unknown {
  const { code = '', message } = (error ?? {}) as NodeJS.ErrnoException;
  const explain = LISTENING[code];
  return explain ? new Error(`${explain(host, port)} (${message})`, { cause: error }) : error;
}

/** Explains an error of a file under DATA_DIR. Other errors are returned unchanged. */
export function dataDirFailure(error: unknown, dataDir: string): unknown {
  const { code = '', message } = (error ?? {}) as NodeJS.ErrnoException;
  const reason = UNWRITABLE[code];
  return reason
    ? new Error(`DATA_DIR ${dataDir} cannot be used: ${reason}. Set DATA_DIR to a writable folder. (${message})`, {
        cause: error,
      })
    : error;
}

/** Ends the process with the message of an error. The stack would hide it: the cause is the configuration. */
export function exitWith(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
