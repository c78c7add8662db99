import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { inParallel, registerUserWithRole, PASSWORD, registerUser, uniqueName } from '../support/fixtures.js';
import { Mailbox } from '../support/mailbox.js';
import { withOpenTransaction, waitForBlockedStatements } from '../support/transactions.js';

const OTHERS = ['another long passphrase', 'yet another passphrase', 'a third long passphrase'];

describe('concurrent account operations', () => {
  const mailbox = new Mailbox();
  let service: TestApp & { database: TestDatabase };
  const statuses = (responses: { status: number }[]) => responses.map(({ status }) => status).sort();

  beforeAll(async () => {
    service = await startService({ environment: mailbox.environment });
  });
  afterAll(async () => {
    await service.stop();
    mailbox.remove();
  });

  it('subscribing again during account deletion leaves no live subscription', async () => {
    const user = await registerUser(service);
    await user.call('POST', `/v1/subscriptions/${user.subscriptionId}/cancel`, { body: { when: 'now' } });
    await withOpenTransaction(service.database, async (other) => {
      await other.query('select 1 from subscriptions where id = $1 for update', [user.subscriptionId]);
      const renewal = user.call('POST', `/v1/subscriptions/${user.subscriptionId}/renew`, { body: {} });
      await waitForBlockedStatements(service.database, { count: 1 });
      const deletion = service.admin('DELETE', `/v1/users/${user.userId}`);
      // The deletion waits for the renewal, or finishes before it.
      await Promise.race([deletion, waitForBlockedStatements(service.database, { count: 2 })]);
      await other.query('commit');
      const responses = await Promise.all([renewal, deletion]);
      expect(responses.filter(({ status }) => status >= 500)).toEqual([]);
      expect(responses[1].status).toBe(204);
    });
    expect(
      await service.database.query(
        `select 1 from subscriptions s join customers c on c.id = s.customer_id where c.deleted_at is not null and s.ended_at is null`,
      ),
    ).toEqual([]);
  });

  it('an account is deleted once', async () => {
    const user = await registerUser(service);
    const responses = await inParallel(6, 6, () => service.admin('DELETE', `/v1/users/${user.userId}`));
    expect(statuses(responses)).toEqual([204, 404, 404, 404, 404, 404]);
    expect(
      await service.database.query(`select 1 from events where subject_id = $1 and type = 'user.deleted'`, [
        user.userId,
      ]),
    ).toHaveLength(1);
  });

  it('two accounts that change to one address: one succeeds', async () => {
    const both = [await registerUser(service), await registerUser(service)];
    const email = `${uniqueName('both')}@example.com`;
    const tokens: string[] = [];
    for (const { call } of both) {
      expect((await call('POST', '/v1/auth/change-email', { body: { email, password: PASSWORD } })).status).toBe(202);
      tokens.push(await mailbox.tokenFor(service, email));
    }
    expect(new Set(tokens).size).toBe(2);
    const responses = await inParallel(2, 2, (index) =>
      service.call('POST', '/v1/auth/verify-email', { body: { token: tokens[index] } }),
    );
    expect(statuses(responses)).toEqual([204, 409]);
    expect(await service.database.query('select 1 from users where canonical_email = $1', [email])).toHaveLength(1);
    // The losing request changed nothing.
    const left = (await Promise.all(both.map(({ call }) => call('GET', '/v1/users/me')))).map(
      ({ body }) => body.email as string,
    );
    expect(left.filter((one) => one === email)).toHaveLength(1);
    const customers = await service.database.query<{ same: boolean }>(
      'select u.email = c.email as same from users u join customers c on c.id = u.customer_id where u.id = any($1)',
      [both.map(({ userId }) => userId)],
    );
    expect(customers).toEqual([{ same: true }, { same: true }]);
  });

  it('three concurrent password changes: one succeeds, and all other sessions end', async () => {
    const user = await registerUser(service);
    const sessions = await inParallel(
      3,
      3,
      async () =>
        (await service.call('POST', '/v1/auth/login', { body: { email: user.email, password: PASSWORD } })).body
          .accessToken as string,
    );
    const responses = await inParallel(3, 3, (index) =>
      service.call('POST', '/v1/auth/change-password', {
        token: sessions[index],
        body: { currentPassword: PASSWORD, newPassword: OTHERS[index] },
      }),
    );
    expect(responses.filter(({ status }) => status >= 500)).toEqual([]);
    const logins = await Promise.all(
      [PASSWORD, ...OTHERS].map((password) =>
        service.call('POST', '/v1/auth/login', { body: { email: user.email, password } }),
      ),
    );
    expect(logins[0]!.status).toBe(401);
    expect(logins.filter(({ status }) => status === 200)).toHaveLength(1);
    const [open] = await service.database.query<{ n: number }>(
      'select count(*)::int as n from sessions where user_id = $1 and revoked_at is null',
      [user.userId],
    );
    // The session of the last change, and that of the new login.
    expect(open!.n).toBeLessThanOrEqual(2);
  });

  it('a burst of password guesses gets no more attempts than a sequence', async () => {
    const user = await registerUser(service);
    const responses = await inParallel(40, 40, () =>
      service.call('POST', '/v1/auth/login', { body: { email: user.email, password: 'wrong' } }),
    );
    expect(responses.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(responses.filter(({ status }) => status === 429)).toHaveLength(30);
  });

  it('admins that demote each other leave one admin', async () => {
    const other = await registerUserWithRole(service, { role: 'admin' });
    const { body: me } = await service.admin('GET', '/v1/users/me');
    const responses = await Promise.all([
      service.admin('DELETE', `/v1/users/${other.userId}`),
      other.call('PATCH', `/v1/users/${me.id}`, { body: { role: 'support' } }),
    ]);
    expect(responses.filter(({ status }) => status < 300).length).toBeLessThanOrEqual(1);
    expect(await service.database.query(`select 1 from users where role = 'admin' and active`)).not.toEqual([]);
  });
});
