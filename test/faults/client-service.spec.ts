import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN, type Call, createCall } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { uniqueName } from '../support/fixtures.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';

const root = path.resolve(import.meta.dirname, '../..');

/** Faults for the next calls of the client service to Tollgate. */
type Fate = 'pass' | 'die before' | 'die after' | 'lose the answer';

/** The example service, and a proxy to Tollgate that kills it during calls. */
class Client {
  private child: ChildProcess | null = null;
  private readonly proxy: Server;
  url = '';
  fate: Fate = 'pass';

  constructor(
    private readonly database: string,
    private readonly tollgate: string,
    private readonly key: string,
  ) {
    this.proxy = createServer((request, reply) => {
      void (async () => {
        // When the response arrives, the calling process may be dead and replaced.
        const asking = this.child;
        let body = '';
        for await (const chunk of request) body += String(chunk);
        const fate = request.method === 'PUT' ? this.fate : 'pass';
        if (fate === 'die before') return void asking?.kill('SIGKILL');
        const answer = await fetch(this.tollgate + request.url!, {
          method: request.method,
          headers: {
            authorization: request.headers.authorization!,
            ...(body ? { 'content-type': 'application/json' } : {}),
          },
          body: body || undefined,
        });
        const text = await answer.text();
        if (fate === 'die after') return void asking?.kill('SIGKILL');
        if (fate === 'lose the answer') return void request.socket.destroy();
        reply.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
      })().catch(() => request.socket.destroy());
    });
  }

  async start(): Promise<void> {
    if (!this.proxy.listening) await new Promise<void>((resolve) => this.proxy.listen(0, '127.0.0.1', resolve));
    const port = (this.proxy.address() as AddressInfo).port;
    const { PATH, HOME } = process.env;
    const env = {
      PATH,
      HOME,
      PORT: '0',
      DATABASE_URL: this.database,
      TOLLGATE_URL: `http://127.0.0.1:${port}`,
      TOLLGATE_KEY: this.key,
      RECONCILE_SECONDS: '1',
    };
    const child = spawn(process.execPath, ['examples/client-service/server.mjs'], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.child = child;
    this.url = await new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (data) => {
        const found = /on (http:\S+)/.exec(String(data))?.[1];
        if (found) resolve(found);
      });
      child.once('exit', (code) => reject(new Error(`the client service ended with ${code}`)));
    });
  }

  async ended(): Promise<void> {
    if (this.child && this.child.exitCode === null && this.child.signalCode === null)
      await new Promise((resolve) => this.child!.once('exit', resolve));
  }

  async stop(): Promise<void> {
    this.child?.kill('SIGKILL');
    await this.ended();
    await new Promise((resolve) => {
      this.proxy.close(resolve);
      this.proxy.closeAllConnections();
    });
  }

  /** Null when the outcome is unknown. */
  signUp(body: object): Promise<number | null> {
    return fetch(`${this.url}/accounts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).then(
      ({ status }) => status,
      () => null,
    );
  }
}

describe('a client service with its own accounts', () => {
  let tollgate: ServiceProcess;
  let databases: TestDatabase[];
  let admin: Call;
  let client: Client;

  beforeAll(async () => {
    databases = [await createTestDatabase(), await createTestDatabase()];
    tollgate = await startProcess(temporaryFolder(), {
      DATABASE_URL: databases[0]!.url,
      ADMIN_PASSWORD: ADMIN.password,
      SAMPLE_DATA: 'on',
      LOG_LEVEL: 'error',
    });
    const call = createCall(tollgate.url);
    const token = (await call('POST', '/v1/auth/login', { body: ADMIN })).body.accessToken as string;
    admin = (method, at, options = {}) => call(method, at, { token, ...options });
    const { body } = await admin('POST', '/v1/api-keys', {
      body: { name: 'client', product: 'api', scopes: ['customers:read', 'customers:write'] },
    });
    client = new Client(databases[1]!.url, tollgate.url, body.key);
    await client.start();
  }, 60_000);
  afterAll(async () => {
    await client.stop();
    await tollgate.stop('SIGTERM');
    for (const database of databases) await database.drop();
  });

  const accounts = async () =>
    await databases[1]!.query<{ id: string; state: string; email: string }>(
      'select id, state, email from accounts order by id',
    );
  const customers = async () =>
    await databases[0]!.query<{ id: string; live: number }>(
      `select substr(c.key, length('client-service:') + 1) as id, (select count(*)::int from subscriptions s where s.customer_id = c.id and s.ended_at is null) as live
       from customers c where c.key like 'client-service:%' and c.deleted_at is null order by 1`,
    );
  /** The accounts of both sides, when no sign-up is pending. */
  const settled = async () => {
    for (let attempt = 0; attempt < 100; attempt++) {
      if ((await accounts()).every(({ state }) => state === 'enrolled')) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return { accounts: await accounts(), customers: await customers() };
  };

  it('signs up users on both sides, each once', async () => {
    const email = `${uniqueName('ann')}@example.com`;
    expect(await client.signUp({ email })).toBe(201);
    expect(await client.signUp({ email })).toBe(409);
  });

  it('keeps no data on either side of a rejected sign-up', async () => {
    const before = (await accounts()).length;
    expect(await client.signUp({ email: `${uniqueName('nowhere')}@example.com`, region: 'nowhere' })).toBe(422);
    expect((await accounts()).length).toBe(before);
    expect((await customers()).length).toBe(before);
  });

  it('is consistent after kills before and after each write in a storm of sign-ups', async () => {
    const fates: Fate[] = ['die before', 'die after', 'lose the answer', 'die after', 'die before', 'pass'];
    const acknowledged: string[] = [];
    for (const fate of fates) {
      client.fate = 'pass';
      const storm = Array.from({ length: 12 }, async (_, index) => {
        const email = `${uniqueName('storm')}@example.com`;
        if (index === 6) client.fate = fate;
        if ((await client.signUp({ email })) === 201) acknowledged.push(email);
      });
      await Promise.all(storm);
      if (fate.startsWith('die')) await client.ended();
      client.fate = 'pass';
      if (fate.startsWith('die')) await client.start();
    }
    const both = await settled();
    expect(both.accounts.map(({ id }) => id)).toEqual(both.customers.map(({ id }) => id));
    expect(both.accounts.filter(({ state }) => state !== 'enrolled')).toEqual([]);
    expect(both.customers.filter(({ live }) => live !== 1)).toEqual([]);
    const emails = new Set(both.accounts.map(({ email }) => email));
    expect(acknowledged.filter((email) => !emails.has(email))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(6);
  }, 120_000);

  it('finds customers that its restored database does not know', async () => {
    const email = `${uniqueName('forgotten')}@example.com`;
    await client.signUp({ email });
    await databases[1]!.query('delete from accounts where email = $1', [email]);
    for (let attempt = 0; attempt < 100 && (await customers()).length !== (await accounts()).length; attempt++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await customers()).map(({ id }) => id)).toEqual((await accounts()).map(({ id }) => id));
  });
});
