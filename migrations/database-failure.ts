/** The oldest PostgreSQL that the schema and the queries support. */
export const OLDEST_POSTGRES = 15;

/** Reads the version that `assertSupportedVersion` checks. */
export const VERSION_SQL = `select current_setting('server_version_num')::integer as version`;

/** The parts of a database URL for messages: never its password. */
interface Target {
  server: string;
  user: string;
  database: string;
}

/** Text for each error code of a connection attempt or of PostgreSQL: what is wrong, and what to change. */
const EXPLANATIONS: Record<string, (target: Target) => string> = {
  ECONNREFUSED: ({ server }) =>
    `No PostgreSQL listens on ${server}. Start it, or correct host and port in DATABASE_URL.`,
  ENOTFOUND: ({ server }) => `The host of ${server} is unknown. Correct the host in DATABASE_URL.`,
  EAI_AGAIN: ({ server }) =>
    `The host of ${server} could not be resolved. Check the name servers, or correct the host in DATABASE_URL.`,
  ETIMEDOUT: ({ server }) => noAnswer(server),
  EHOSTUNREACH: ({ server }) => noAnswer(server),
  ENETUNREACH: ({ server }) => noAnswer(server),
  '28P01': ({ server, user }) =>
    `PostgreSQL on ${server} does not accept the password of the user "${user}". Correct user and password in DATABASE_URL.`,
  '28000': ({ server, user, database }) =>
    `PostgreSQL on ${server} does not let the user "${user}" log in to "${database}". Correct DATABASE_URL, or create the role and allow it in pg_hba.conf.`,
  '3D000': ({ server, user, database }) =>
    `The database "${database}" does not exist on ${server}. Create it (create database "${database}" owner "${user}"), or correct its name in DATABASE_URL.`,
  '42501': ({ user, database }) =>
    `The user "${user}" of DATABASE_URL may not do this in the database "${database}". Make it the owner: alter database "${database}" owner to "${user}".`,
  '53300': ({ server }) =>
    `PostgreSQL on ${server} has no free connection. Raise its max_connections, or lower DATABASE_CONNECTIONS of the processes.`,
  '57P03': ({ server }) => `PostgreSQL on ${server} is starting or stopping. Start again in a moment.`,
};

const noAnswer = (server: string): string =>
  `PostgreSQL on ${server} does not answer. Check the network and its firewall, or correct host and port in DATABASE_URL.`;

/** Errors of node-postgres without a code. */
const BY_MESSAGE: [RegExp, (target: Target) => string][] = [
  [/timeout expired|timeout exceeded/i, ({ server }) => noAnswer(server)],
  [
    /does not support SSL/i,
    ({ server }) =>
      `PostgreSQL on ${server} has no TLS. Remove sslmode from DATABASE_URL, or enable ssl on the server.`,
  ],
  [
    /certificate/i,
    ({ server }) =>
      `The TLS certificate of PostgreSQL on ${server} was not accepted. Add its authority with sslrootcert to DATABASE_URL.`,
  ],
];

/**
 * Explains an error of a connection or a migration: what is wrong, and which part of DATABASE_URL or of the server to
 * change, with the original text. Other errors are returned unchanged.
 */
export function databaseFailure(error: unknown, url: string): unknown {
  const { code, message = '' } = (error ?? {}) as { code?: string; message?: string };
  const explain =
    EXPLANATIONS[code ?? ''] ??
    (error instanceof Error ? BY_MESSAGE.find(([text]) => text.test(message))?.[1] : undefined);
  if (!explain) return error;
  // Several addresses were tried: the error itself has no text.
  const original = message || code;
  return new Error(`${explain(targetOf(url))} (${original})`, { cause: error });
}

/** @throws Error for a server older than PostgreSQL 15 @param version `server_version_num` */
export function assertSupportedVersion(version: number): void {
  const major = Math.floor(version / 10_000);
  if (major < OLDEST_POSTGRES)
    throw new Error(
      `DATABASE_URL is PostgreSQL ${major}; Tollgate needs ${OLDEST_POSTGRES} or newer. Upgrade the server, or set DATABASE_URL to another one.`,
    );
}

function targetOf(url: string): Target {
  const { hostname, port, username, pathname, searchParams } = new URL(url);
  const user = decodeURIComponent(username) || (process.env['PGUSER'] ?? process.env['USER'] ?? '');
  return {
    server: `${searchParams.get('host') ?? (hostname || 'localhost')}:${port || '5432'}`,
    user,
    database: decodeURIComponent(pathname.slice(1)) || user,
  };
}
