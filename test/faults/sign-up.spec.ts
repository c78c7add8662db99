import * as fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { ADMIN, createCall } from '../support/app.js';
import { inParallel, PASSWORD, uniqueName } from '../support/fixtures.js';
import {
  embeddedUrl,
  killWithDatabase,
  type ServiceProcess,
  startProcess,
  temporaryFolder,
} from '../support/process.js';

const ROUNDS = 3;

/** Rows without a row that must exist with them. */
const HALVES = `
  select 'customer without a subscription' as half, c.id from customers c where not exists (select 1 from subscriptions s where s.customer_id = c.id)
  union all select 'subscription without a customer', s.id from subscriptions s where not exists (select 1 from customers c where c.id = s.customer_id)
  union all select 'user without a customer', u.id from users u where not exists (select 1 from customers c where c.id = u.customer_id)
  union all select 'customer of a registration without its user', c.id from customers c where c.key ~ '^[0-9a-f]{8}-[0-9a-f-]{27}$' and not exists (select 1 from users u where u.customer_id = c.id)
  union all select 'user without a mail to confirm the address', u.id from users u where u.role = 'user' and not exists (select 1 from account_mails m where m.user_id = u.id)
  union all select 'user without the event of the registration', u.id from users u where not exists (select 1 from events e where e.subject_id = u.id and e.type = 'user.registered')`;

describe('a storm of registrations', () => {
  let dataDir: string;
  let service: ServiceProcess;

  const start = async (): Promise<void> => {
    service = await startProcess(dataDir, { ADMIN_PASSWORD: ADMIN.password, LOG_LEVEL: 'error' });
  };
  beforeAll(async () => {
    dataDir = temporaryFolder();
    await start();
  }, 60_000);
  afterAll(async () => {
    await service.stop('SIGTERM');
    fs.rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });

  it('kill -9 of the service and PostgreSQL leaves no partial account and loses no acknowledged one', async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const before = acknowledged.length;
      const killing = (async () => {
        while (acknowledged.length < before + 40) await new Promise((resolve) => setTimeout(resolve, 5));
        await killWithDatabase(service, dataDir);
      })();
      await inParallel(200, 16, async () => {
        const email = `${uniqueName('storm')}@example.com`;
        try {
          const { status } = await createCall(service.url)('POST', '/v1/auth/register', {
            body: { email, password: PASSWORD },
          });
          if (status === 201) acknowledged.push(email);
        } catch {
          // The outcome is unknown.
        }
      });
      await killing;
      await start();
    }
    expect(acknowledged.length).toBeLessThan(ROUNDS * 200);
    const logins = await inParallel(acknowledged.length, 8, (index) =>
      createCall(service.url)('POST', '/v1/auth/login', { body: { email: acknowledged[index], password: PASSWORD } }),
    );
    expect(logins.filter(({ status }) => status !== 200)).toEqual([]);
    const client = new pg.Client({ connectionString: embeddedUrl(dataDir) });
    await client.connect();
    try {
      expect((await client.query(HALVES)).rows).toEqual([]);
    } finally {
      await client.end();
    }
  }, 180_000);

  it('twenty registrations of one e-mail address in many spellings create one account', async () => {
    const email = `${uniqueName('same')}@example.com`;
    const responses = await inParallel(20, 20, (index) =>
      createCall(service.url)('POST', '/v1/auth/register', {
        body: { email: index % 2 ? email : email.toUpperCase(), password: PASSWORD },
      }),
    );
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(responses.filter(({ status, body }) => status !== 201 && body.code !== 'email_taken')).toEqual([]);
  });
});
