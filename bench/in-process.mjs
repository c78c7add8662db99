import { ensureBuilt } from '../scripts/build.mjs';
import { startDatabase } from './support.mjs';

/**
 * Starts the built service in this process, with a separate embedded PostgreSQL, and logs the admin in.
 * @param settings of PostgreSQL
 * @returns `app` (Nest), `call` (a request of the admin without a socket), `client` (superuser of the database), `pid`
 *   (of PostgreSQL) and `end`
 */
export async function startInProcess(settings = {}) {
  await ensureBuilt();
  const { superuserUrl, pid, environment } = await startDatabase(settings);
  const [{ Config, startDatabase: openDatabase }, { createApp }, { BootstrapData }, { default: pg }] =
    await Promise.all([
      import('../dist/libs/platform/src/index.js'),
      import('../dist/apps/api/src/create-app.js'),
      import('../dist/apps/api/src/bootstrap-data.js'),
      import('pg'),
    ]);
  const config = new Config({ ...process.env, ...environment });
  const database = await openDatabase(config);
  const app = await createApp(config);
  await app.init();
  await app.get(BootstrapData).run();
  const client = new pg.Client(superuserUrl);
  client.on('error', () => undefined);
  await client.connect();
  const headers = {};
  const call = async (method, url, payload) => {
    const { statusCode, body } = await app.inject({ method, url, payload, headers });
    if (statusCode >= 300) throw new Error(`${method} ${url}: ${statusCode} ${body}`);
    return JSON.parse(body);
  };
  const credentials = { email: 'admin@localhost', password: environment.ADMIN_PASSWORD };
  const { accessToken } = await call('POST', '/v1/auth/login', credentials);
  headers.authorization = `Bearer ${accessToken}`;
  const end = async () => {
    await client.end();
    await app.close();
    await database.stop();
  };
  return { app, call, client, pid, end };
}
