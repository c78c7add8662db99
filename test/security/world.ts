import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import * as fs from 'node:fs';
import { connect } from 'node:net';
import * as path from 'node:path';
import { type Config, Keyring } from '@app/platform';
import { ADMIN, type ApiResponse, type Call, createCall, SECRET_KEY } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import {
  registerUserWithRole,
  PASSWORD,
  registerUser,
  type RegisteredUser,
  createApiKey,
  uniqueName,
} from '../support/fixtures.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';

/** Upper limit for the time until a revoked token is rejected on every instance. */
export const REVOKED_WITHIN_MS = 1_000;
/** A second valid password, for changes of password. */
export const OTHER_PASSWORD = 'another long passphrase';

/** An API key and a function that sends requests with it. */
type ApiKeyCaller = Awaited<ReturnType<typeof createApiKey>>;

/** Two instances of the built service on one database, with one caller of each kind. */
export interface World {
  services: [ServiceProcess, ServiceProcess];
  database: TestDatabase;
  folder: string;
  /** Calls the first instance. Without a token the call is anonymous. */
  call: Call;
  /** Calls the second instance. */
  callSecond: Call;
  admin: RegisteredUser;
  ann: RegisteredUser;
  bob: RegisteredUser;
  support: RegisteredUser;
  /** Finance, which reads the money of every customer. */
  finance: RegisteredUser;
  /** Product admin of `news`. */
  editor: RegisteredUser;
  /** API keys with all scopes: one on the product `api`, one on `news`. */
  apiKey: ApiKeyCaller;
  newsKey: ApiKeyCaller;
  /** Customers with one subscription each: on `api`, and on `news`. */
  apiCustomer: string;
  newsCustomer: string;
  newUser(): Promise<RegisteredUser>;
  login(email: string, password?: string): Promise<ApiResponse>;
  /** The private key that signs access tokens, read from the database. */
  signingKey(): Promise<{ kid: string; key: KeyObject; publicPem: string }>;
  /** Sends raw bytes. @returns all bytes received until the connection closes or is quiet for `quietMs` */
  raw(text: string | Buffer, quietMs?: number): Promise<string>;
  stop(): Promise<void>;
}

export async function buildWorld(environment: Record<string, string> = {}): Promise<World> {
  const database = await createTestDatabase();
  const folder = temporaryFolder();
  const settings = {
    DATABASE_URL: database.url,
    SECRET_KEY,
    ADMIN_PASSWORD: ADMIN.password,
    SAMPLE_DATA: 'on',
    LOG_LEVEL: 'error',
    ...environment,
  };
  const first = await startProcess(folder, settings);
  const second = await startProcess(folder, { ...settings, WORKER: 'off' });
  const call = createCall(first.url);
  const login = (email: string, password = PASSWORD): Promise<ApiResponse> =>
    call('POST', '/v1/auth/login', { body: { email, password } });
  const adminLogin = (await login(ADMIN.email, ADMIN.password)).body;
  const adminCall: Call = (method, at, options = {}) => call(method, at, { token: adminLogin.accessToken, ...options });
  const me = (await adminCall('GET', '/v1/users/me')).body;
  const admin: RegisteredUser = {
    email: ADMIN.email,
    userId: me.id,
    customer: me.customer,
    subscriptionId: '',
    token: adminLogin.accessToken,
    refreshToken: adminLogin.refreshToken,
    call: adminCall,
  };
  const service = { call, admin: adminCall };
  const [apiKey, newsKey] = [
    await createApiKey(service, { product: 'api' }),
    await createApiKey(service, { product: 'news' }),
  ];
  const [apiCustomer, newsCustomer] = [uniqueName('api-customer'), uniqueName('news-customer')];
  await apiKey.call('PUT', `/v1/customers/${apiCustomer}`, { body: {} });
  await newsKey.call('PUT', `/v1/customers/${newsCustomer}`, { body: { region: 'US', deviceType: 'ios' } });

  return {
    services: [first, second],
    database,
    folder,
    call,
    login,
    admin,
    apiKey,
    newsKey,
    apiCustomer,
    newsCustomer,
    callSecond: createCall(second.url),
    newUser: () => registerUser(service),
    ann: await registerUser(service),
    bob: await registerUser(service),
    support: await registerUserWithRole(service, { role: 'support' }),
    finance: await registerUserWithRole(service, { role: 'finance' }),
    editor: await registerUserWithRole(service, { role: 'product_admin', product: 'news' }),
    async signingKey() {
      const [row] = await database.query<{ kid: string; sealed: Buffer; jwk: object }>(
        'select kid, sealed_private_key as sealed, public_key as jwk from signing_keys order by signs_from limit 1',
      );
      const privateKey = createPrivateKey(
        new Keyring({ secretKey: SECRET_KEY } as Config).open('signing-key', row!.sealed),
      );
      return {
        kid: row!.kid,
        key: privateKey,
        publicPem: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString(),
      };
    },
    raw: (text, quietMs = 400) => sendRaw(first.url, text, quietMs),
    async stop() {
      await Promise.all([first.stop('SIGTERM'), second.stop('SIGTERM')]);
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

/** The status of the first response in the received text; null without a response. */
export const statusOf = (received: string): number | null =>
  Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? 0) || null;

/** A row of the attack catalogue. */
export interface SecurityCase {
  /** The id of the row, such as `S-01`. */
  id: string;
  title: string;
  run: (world: World) => Promise<void>;
  /** In milliseconds. Default: 120,000. */
  timeout?: number;
}
