import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import * as fs from 'node:fs';
import { connect } from 'node:net';
import * as path from 'node:path';
import { type Config, Keyring } from '@app/platform';
import { type Answer, type Call, caller, type CallOptions } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { ALL_SCOPES, unique } from '../support/fixtures.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';

export const PASSWORD = 'a long enough password';
export const ADMIN = { email: 'admin@localhost', password: 'correct horse battery staple' };
const SECRET_KEY = 'k3y-of-the-tests-0123456789-abcdefghijklmnop';

/** Somebody who may send requests. */
export interface Actor {
  token: string;
  call: Call;
}

export interface RegisteredPerson extends Actor {
  email: string;
  userId: string;
  customer: string;
  subscriptionId: string;
  refreshToken: string;
}

/** Two instances of the built service on one database, and people of every kind on them. */
export interface World {
  services: [ServiceProcess, ServiceProcess];
  database: TestDatabase;
  folder: string;
  /** Calls the first instance, as nobody unless a token is given. */
  call: Call;
  /** Calls the second one. */
  elsewhere: Call;
  admin: RegisteredPerson;
  ann: RegisteredPerson;
  bob: RegisteredPerson;
  support: RegisteredPerson;
  /** Rules the product `news`. */
  editor: RegisteredPerson;
  /** A key of a service on the product `api`, and one on `news`; both with all scopes. */
  apiKey: Actor;
  newsKey: Actor;
  /** A customer of `api` alone, and one of `news` alone. */
  apiCustomer: string;
  newsCustomer: string;
  person(): Promise<RegisteredPerson>;
  login(email: string, password?: string): Promise<Answer>;
  /** The key that access tokens are signed with, as only the service should have it. */
  signingKey(): Promise<{ kid: string; key: KeyObject; publicPem: string }>;
  /** Sends bytes as they are. @returns everything that came back until the end, or until nothing more came */
  raw(text: string | Buffer, quietMs?: number): Promise<string>;
  stop(): Promise<void>;
}

export async function buildWorld(environment: Record<string, string> = {}): Promise<World> {
  const database = await createTestDatabase();
  const folder = temporaryFolder();
  const settings = { DATABASE_URL: database.url, SECRET_KEY, ADMIN_PASSWORD: ADMIN.password, SAMPLE_DATA: 'on', LOG_LEVEL: 'error', ...environment };
  const first = await startProcess(folder, settings);
  const second = await startProcess(folder, { ...settings, WORKER: 'off' });
  const call = caller(first.url);
  const login = (email: string, password = PASSWORD): Promise<Answer> => call('POST', '/v1/auth/login', { body: { email, password } });
  const as = (token: string): Call => (method, at, options: CallOptions = {}) => call(method, at, { token, ...options });

  const person = async (): Promise<RegisteredPerson> => {
    const email = `${unique('person')}@example.com`;
    const { status, body } = await call('POST', '/v1/auth/register', { body: { email, password: PASSWORD } });
    if (status !== 201) throw new Error(JSON.stringify(body));
    return { email, userId: body.user.id, customer: body.customer.key, subscriptionId: body.subscription.id, token: body.accessToken, refreshToken: body.refreshToken, call: as(body.accessToken) };
  };
  const adminLogin = (await login(ADMIN.email, ADMIN.password)).body;
  const adminCall = as(adminLogin.accessToken);
  const me = (await adminCall('GET', '/v1/users/me')).body;
  const admin: RegisteredPerson = { email: ADMIN.email, userId: me.id, customer: me.customer, subscriptionId: '', token: adminLogin.accessToken, refreshToken: adminLogin.refreshToken, call: adminCall };
  const inRole = async (standing: object): Promise<RegisteredPerson> => {
    const somebody = await person();
    const { status, body } = await adminCall('PATCH', `/v1/users/${somebody.userId}`, { body: standing });
    if (status !== 200) throw new Error(JSON.stringify(body));
    const { body: tokens } = await login(somebody.email);
    return { ...somebody, token: tokens.accessToken, refreshToken: tokens.refreshToken, call: as(tokens.accessToken) };
  };
  const key = async (product: string): Promise<Actor> => {
    const { body } = await adminCall('POST', '/v1/api-keys', { body: { name: product, scopes: ALL_SCOPES, product } });
    return { token: body.key, call: as(body.key) };
  };
  const [apiKey, newsKey] = [await key('api'), await key('news')];
  const [apiCustomer, newsCustomer] = [unique('api-customer'), unique('news-customer')];
  await apiKey.call('PUT', `/v1/customers/${apiCustomer}`, { body: {} });
  await newsKey.call('PUT', `/v1/customers/${newsCustomer}`, { body: { region: 'US', deviceType: 'ios' } });

  return {
    services: [first, second],
    database, folder, call, login, person, admin, apiKey, newsKey, apiCustomer, newsCustomer,
    elsewhere: caller(second.url),
    ann: await person(),
    bob: await person(),
    support: await inRole({ role: 'support' }),
    editor: await inRole({ role: 'product_admin', product: 'news' }),
    async signingKey() {
      const [row] = await database.query<{ kid: string; sealed: Buffer; jwk: object }>('select kid, sealed_private_key as sealed, public_key as jwk from signing_keys order by signs_from limit 1');
      const privateKey = createPrivateKey(new Keyring({ secretKey: SECRET_KEY } as Config).open('signing-key', row!.sealed));
      return { kid: row!.kid, key: privateKey, publicPem: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString() };
    },
    raw: (text, quietMs = 400) => sendRaw(first.url, text, quietMs),
    async stop() {
      await Promise.all([first.end('SIGTERM'), second.end('SIGTERM')]);
      await database.drop();
      fs.rmSync(path.resolve(folder), { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

export function sendRaw(url: string, text: string | Buffer, quietMs: number): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    const done = () => {
      socket.destroy();
      resolve(received);
    };
    socket.setTimeout(quietMs, done);
    socket.on('data', (data) => (received += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', done);
  });
}

/** The status of the first answer in what came back; null when the connection ended without one. */
export const statusOf = (received: string): number | null => Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? 0) || null;

/** A row of the catalogue of attacks. */
export interface SecurityCase {
  /** The row, as `S-01`. */
  id: string;
  title: string;
  run: (world: World) => Promise<void>;
  /** Milliseconds; left out: the runner's own. */
  timeout?: number;
}
