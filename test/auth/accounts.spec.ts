import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { inParallel, applyMeteredProduct, PASSWORD, registerUser, uniqueName } from '../support/fixtures.js';
import { deliverDueEvents } from '../support/deliveries.js';
import { Mailbox, subjectOf, tokenInMail } from '../support/mailbox.js';
import { withOpenTransaction, waitForBlockedStatements } from '../support/transactions.js';

const OTHER = 'another long passphrase';

describe('accounts', () => {
  const mailbox = new Mailbox();
  let service: TestApp & { database: TestDatabase };
  const post = (path: string, body: object, token?: string) => service.call('POST', path, { body, token });
  const login = (email: string, password = PASSWORD) => post('/v1/auth/login', { email, password });
  const me = (token: string) => service.call('GET', '/v1/users/me', { token });

  beforeAll(async () => {
    service = await startService({ environment: mailbox.environment });
  });
  afterAll(async () => {
    await service.stop();
    mailbox.remove();
  });

  it('registration accepts one-letter names and rejects another spelling of the same e-mail', async () => {
    const email = `${uniqueName('Jos\u00e9')}@example.com`;
    const first = await post('/v1/auth/register', { email, password: PASSWORD, name: 'Ö' });
    expect(first).toMatchObject({
      status: 201,
      body: { user: { name: 'Ö', emailVerifiedAt: null, role: 'user', product: null } },
    });
    for (const spelling of [email.toUpperCase(), email.normalize('NFD'), ` ${email} `, email.replace('@', '＠')]) {
      expect(await post('/v1/auth/register', { email: spelling, password: PASSWORD })).toMatchObject({
        status: 409,
        body: { code: 'email_taken' },
      });
    }
  });

  it('registration keeps addresses apart that only look alike', async () => {
    const latin = `${uniqueName('admin')}@example.com`;
    const cyrillic = latin.replace('a', '\u0430');
    const [a, b] = [
      await post('/v1/auth/register', { email: latin, password: PASSWORD }),
      await post('/v1/auth/register', { email: cyrillic, password: PASSWORD }),
    ];
    expect([a.status, b.status]).toEqual([201, 201]);
    expect(a.body.user.id).not.toBe(b.body.user.id);
  });

  it('registration creates the customer and the subscription on the plan of the region and device', async () => {
    const { body } = await post('/v1/auth/register', {
      email: `${uniqueName('p')}@example.com`,
      password: PASSWORD,
      region: 'US',
      deviceType: 'ios',
    });
    expect(body).toMatchObject({ customer: { region: 'US', deviceType: 'ios' }, subscription: { status: 'active' } });
  });

  describe('e-mail address', () => {
    it('a verification token from a mail is valid once', async () => {
      const user = await registerUser(service);
      const token = await mailbox.tokenFor(service, user.email);
      const stored = await service.database.query("select encode(hash, 'base64') as hash from action_tokens");
      expect(JSON.stringify(stored)).not.toContain(token);
      expect((await post('/v1/auth/verify-email', { token: `${token.slice(0, -1)}x` })).body.code).toBe(
        'token_not_valid',
      );
      const responses = await inParallel(5, 5, () => post('/v1/auth/verify-email', { token }));
      expect(responses.map(({ status }) => status).sort()).toEqual([204, 422, 422, 422, 422]);
      expect((await me(user.token)).body.emailVerifiedAt).toEqual(expect.any(String));
      // A token of another purpose does not reset a password.
      expect((await post('/v1/auth/reset-password', { token, password: OTHER })).body.code).toBe('token_not_valid');
      await post('/v1/auth/resend-verification', {}, user.token);
      expect(await mailbox.mailsTo(service, user.email)).toHaveLength(1);
    });

    it('verification mails are limited per hour', async () => {
      const user = await registerUser(service);
      for (let index = 0; index < 6; index++)
        expect((await post('/v1/auth/resend-verification', {}, user.token)).status).toBe(202);
      expect(await mailbox.mailsTo(service, user.email)).toHaveLength(3);
    });

    it('a new e-mail address takes effect when confirmed, and the old address is notified', async () => {
      const user = await registerUser(service);
      const old = await mailbox.tokenFor(service, user.email);
      const email = `${uniqueName('moved')}@example.com`;
      expect((await post('/v1/auth/change-email', { email, password: 'not the password' }, user.token)).status).toBe(
        401,
      );
      expect((await post('/v1/auth/change-email', { email, password: PASSWORD }, user.token)).status).toBe(202);
      expect((await me(user.token)).body.email).toBe(user.email);
      expect((await post('/v1/auth/verify-email', { token: await mailbox.tokenFor(service, email) })).status).toBe(204);
      expect((await me(user.token)).body).toMatchObject({ email, emailVerifiedAt: expect.any(String) });
      expect((await user.call('GET', '/v1/customers/me')).body.email).toBe(email);
      expect((await login(email)).status).toBe(200);
      expect((await login(user.email)).status).toBe(401);
      expect(subjectOf((await mailbox.mailsTo(service, user.email)).at(-1))).toBe('Your e-mail address was changed');
      // Tokens mailed to the old address no longer restore it.
      expect((await post('/v1/auth/verify-email', { token: old })).body.code).toBe('token_not_valid');
    });

    it('an e-mail address of another account is rejected', async () => {
      const [ann, bob] = [await registerUser(service), await registerUser(service)];
      const email = `${uniqueName('wanted')}@example.com`;
      await post('/v1/auth/change-email', { email, password: PASSWORD }, ann.token);
      const token = await mailbox.tokenFor(service, email);
      await post('/v1/auth/register', { email, password: PASSWORD });
      expect(await post('/v1/auth/verify-email', { token })).toMatchObject({
        status: 409,
        body: { code: 'email_taken' },
      });
      expect((await me(ann.token)).body.email).toBe(ann.email);
      const response = await post('/v1/auth/change-email', { email: bob.email, password: PASSWORD }, ann.token);
      expect(response.status).toBe(202);
      expect((await mailbox.mailsTo(service, bob.email)).map(subjectOf)).not.toContain(
        'Confirm your new e-mail address',
      );
    });
  });

  describe('password', () => {
    it('a change needs the current password and ends the other sessions', async () => {
      const user = await registerUser(service);
      const other = (await login(user.email)).body;
      await mailbox.mailsTo(service, user.email);
      const change = (currentPassword: string, newPassword: string) =>
        post('/v1/auth/change-password', { currentPassword, newPassword }, user.token);
      expect((await post('/v1/auth/change-password', { newPassword: OTHER }, user.token)).status).toBe(422);
      expect((await change('wrong', OTHER)).body.code).toBe('wrong_credentials');
      expect((await change(PASSWORD, 'short')).body.errors[0].field).toBe('newPassword');
      expect((await change(PASSWORD, `${user.email}!`)).body.errors[0].field).toBe('newPassword');
      expect((await change(PASSWORD, OTHER)).status).toBe(204);
      expect((await me(user.token)).status).toBe(200);
      expect((await me(other.accessToken)).status).toBe(401);
      expect((await post('/v1/auth/refresh', { refreshToken: other.refreshToken })).status).toBe(401);
      expect([(await login(user.email)).status, (await login(user.email, OTHER)).status]).toEqual([401, 200]);
      expect(subjectOf((await mailbox.mailsTo(service, user.email)).at(-1))).toBe('Your password was changed');
    });

    it('a reset by mail token ends all sessions and verifies the address', async () => {
      const user = await registerUser(service);
      expect((await mailbox.mailsTo(service, user.email)).map(subjectOf)).toEqual(['Confirm your e-mail address']);
      expect((await post('/v1/auth/forgot-password', { email: user.email.toUpperCase() })).status).toBe(202);
      // The mail goes to the address as its owner registered it, in any spelling of the request.
      const mails = await mailbox.mailsTo(service, user.email);
      const token = tokenInMail(mails.at(-1))!;
      expect(subjectOf(mails.at(-1))).toBe('Choose a new password');
      expect((await post('/v1/auth/reset-password', { token, password: 'short' })).body.errors[0].field).toBe(
        'password',
      );
      const responses = await inParallel(4, 4, () => post('/v1/auth/reset-password', { token, password: OTHER }));
      expect(responses.map(({ status }) => status).sort()).toEqual([204, 422, 422, 422]);
      expect((await me(user.token)).status).toBe(401);
      const again = await login(user.email, OTHER);
      expect((await me(again.body.accessToken)).body.emailVerifiedAt).toEqual(expect.any(String));
    });

    it('forgotten-password answers the same for an existing, an unknown and a closed account', async () => {
      const [user, closed] = [await registerUser(service), await registerUser(service)];
      await service.admin('PATCH', `/v1/users/${closed.userId}`, { body: { active: false } });
      const unknown = `${uniqueName('unknown')}@example.com`;
      const responses = [];
      for (const email of [user.email, closed.email, unknown])
        responses.push(await post('/v1/auth/forgot-password', { email }));
      expect(new Set(responses.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
      await mailbox.mailsTo(service, unknown);
      const recipients = mailbox
        .allMails()
        .filter((mail) => subjectOf(mail) === 'Choose a new password')
        .map((mail) => /To: (.*)\r/.exec(mail)![1]);
      expect(recipients).toContain(user.email);
      expect(recipients).not.toContain(closed.email);
      expect(recipients).not.toContain(unknown);
      const left = await service.database.query(`select type from deliveries where status = 'pending'`);
      expect(left).toEqual([]);
    });

    it('a reset token expires after one hour', async () => {
      const user = await registerUser(service);
      await post('/v1/auth/forgot-password', { email: user.email });
      const token = await mailbox.tokenFor(service, user.email);
      await service.database.query(
        `update action_tokens set expires_at = now() - interval '1 hour' where user_id = $1`,
        [user.userId],
      );
      expect((await post('/v1/auth/reset-password', { token, password: OTHER })).body.code).toBe('token_not_valid');
    });
  });

  it('an account is deactivated by its owner with the password and activated again by an admin', async () => {
    const user = await registerUser(service);
    expect((await user.call('POST', '/v1/users/me/deactivate', { body: { password: 'wrong' } })).status).toBe(401);
    expect((await user.call('POST', '/v1/users/me/deactivate', { body: { password: PASSWORD } })).status).toBe(204);
    expect((await me(user.token)).status).toBe(401);
    expect((await login(user.email)).status).toBe(401);
    await service.admin('PATCH', `/v1/users/${user.userId}`, { body: { active: true } });
    const { body } = await login(user.email);
    expect((await service.call('GET', '/v1/customers/me/subscription', { token: body.accessToken })).body.id).toBe(
      user.subscriptionId,
    );
  });

  it('deletion during a pending mail leaves no token', async () => {
    const user = await registerUser(service);
    await mailbox.tokenFor(service, user.email);
    await withOpenTransaction(service.database, async (other) => {
      const {
        rows: [before],
      } = await other.query('select email, canonical_email, password_hash from users where id = $1 for update', [
        user.userId,
      ]);
      await post('/v1/auth/forgot-password', { email: user.email });
      const sent = deliverDueEvents(service);
      await waitForBlockedStatements(service.database, { containing: 'into action_tokens' });
      // The rows as a concurrent deletion leaves them.
      await other.query('delete from action_tokens where user_id = $1', [user.userId]);
      await other.query(
        `update users set email = null, canonical_email = null, name = null, password_hash = null, active = false, deleted_at = now() where id = $1`,
        [user.userId],
      );
      await other.query('commit');
      await sent;
      expect(
        await service.database.query('select purpose from action_tokens where user_id = $1', [user.userId]),
      ).toEqual([]);
      expect(
        (await mailbox.mailsTo(service, user.email)).filter((mail) => subjectOf(mail) === 'Choose a new password'),
      ).toEqual([]);
      // Only the user row was deleted: restore it for the checks of the other tests.
      await other.query(
        'update users set email = $2, canonical_email = $3, password_hash = $4, active = true, deleted_at = null where id = $1',
        [user.userId, before.email, before.canonical_email, before.password_hash],
      );
    });
  });

  it('login succeeds while the record of login attempts is purged', async () => {
    const user = await registerUser(service);
    await login(user.email);
    await withOpenTransaction(service.database, async (other) => {
      await other.query('select 1 from login_attempts for update');
      const trying = login(user.email);
      await waitForBlockedStatements(service.database, { containing: 'login_attempts' });
      await other.query('delete from login_attempts');
      await other.query('commit');
      expect((await trying).status).toBe(200);
    });
  });

  it('deletion erases all personal data and frees the e-mail address', async () => {
    const email = `${uniqueName('gone')}@example.com`;
    const { body } = await post('/v1/auth/register', { email, password: PASSWORD, name: 'Unmistakable Name' });
    const token = body.accessToken as string;
    const key = (await post('/v1/api-keys', { name: 'mine', scopes: ['usage:write'] }, token)).body.key as string;
    await post('/v1/usage/consume', { feature: 'projects' }, token);
    expect((await post('/v1/users/me/delete', { password: 'wrong' }, token)).status).toBe(401);
    expect((await post('/v1/users/me/delete', { password: PASSWORD }, token)).status).toBe(204);
    expect((await me(token)).status).toBe(401);
    expect(
      (await service.call('POST', '/v1/usage/consume', { token: key, body: { feature: 'projects' } })).status,
    ).toBe(401);
    expect((await post('/v1/auth/refresh', { refreshToken: body.refreshToken })).status).toBe(401);
    expect((await service.admin('GET', `/v1/users/${body.user.id}`)).status).toBe(404);
    expect((await service.admin('GET', `/v1/customers/${body.customer.key}`)).status).toBe(404);
    const tables = await service.database.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    );
    for (const { name } of tables) {
      const rows = await service.database.query(`select 1 from "${name}" t where t::text ilike any($1)`, [
        [`%${email}%`, '%Unmistakable%'],
      ]);
      expect([name, rows.length]).toEqual([name, 0]);
    }
    const [{ used }] = (await service.database.query<{ used: number }>(
      'select sum(quantity)::int as used from usage_ledger l where customer_id = $1',
      [body.customer.id],
    )) as [{ used: number }];
    expect(used).toBe(2);
    const [live] = await service.database.query<{ live: number }>(
      `select count(*)::int as live from subscriptions where customer_id = $1 and ended_at is null`,
      [body.customer.id],
    );
    expect(live!.live).toBe(0);
    expect((await post('/v1/auth/register', { email, password: PASSWORD })).status).toBe(201);
  });

  it('an admin deletes an account with a reason, but never the last admin', async () => {
    const user = await registerUser(service);
    expect((await service.admin('DELETE', `/v1/users/${user.userId}?reason=request%20by%20letter`)).status).toBe(204);
    const [event] = await service.database.query(
      `select reason from events where subject_id = $1 and type = 'user.deleted'`,
      [user.userId],
    );
    expect(event).toEqual({ reason: 'request by letter' });
    expect((await service.admin('DELETE', `/v1/users/${user.userId}`)).status).toBe(404);
    const { body } = await service.admin('GET', '/v1/users/me');
    expect((await service.admin('DELETE', `/v1/users/${body.id}`)).body.code).toBe('last_admin');
  });

  it('deletion during use and renewal is applied completely or not at all', async () => {
    const people = await inParallel(4, 4, () => registerUser(service));
    await inParallel(people.length * 6, 12, (index) => {
      const user = people[index % people.length]!;
      const calls = [
        () => user.call('POST', '/v1/users/me/delete', { body: { password: PASSWORD } }),
        () => user.call('POST', '/v1/usage/consume', { body: { feature: 'projects' } }),
        () => user.call('POST', `/v1/subscriptions/${user.subscriptionId}/renew`, { body: {} }),
        () =>
          user.call('POST', `/v1/subscriptions/${user.subscriptionId}/change`, {
            body: { plan: 'pro', when: 'now' },
          }),
        () => service.admin('POST', '/v1/usage/consume', { body: { customer: user.customer, feature: 'projects' } }),
        () => user.call('PATCH', '/v1/users/me', { body: { name: 'New Name' } }),
      ];
      return calls[(index * 7) % calls.length]!().then(({ status }) => expect(status).toBeLessThan(500));
    });
    const half = await service.database.query(
      `select u.id from users u join customers c on c.id = u.customer_id where (u.deleted_at is null) <> (c.deleted_at is null)
       union all select s.id from subscriptions s join customers c on c.id = s.customer_id where c.deleted_at is not null and s.ended_at is null`,
    );
    expect(half).toEqual([]);
  });

  it('an export returns the whole account as NDJSON', async () => {
    const user = await registerUser(service);
    await user.call('POST', '/v1/usage/consume', { body: { feature: 'projects', properties: { file: 'a.txt' } } });
    await service.admin('POST', `/v1/customers/${user.customer}/grants`, {
      body: { feature: 'projects', quantity: 3 },
    });
    const { status, headers, body } = await user.call('GET', '/v1/users/me/export');
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('application/x-ndjson')]);
    const buffer = typeof body === 'string' ? body : JSON.stringify(body);
    const lines = buffer
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string } & Record<string, any>);
    const of = (kind: string) => lines.filter((line) => line.kind === kind);
    expect(of('account')).toEqual([
      expect.objectContaining({ email: user.email, id: user.userId, customer: user.customer }),
    ]);
    expect(of('subscription').map(({ id }) => id)).toContain(user.subscriptionId);
    expect(of('usage')).toEqual([
      expect.objectContaining({ feature: 'projects', quantity: 1, properties: { file: 'a.txt' } }),
    ]);
    expect(of('grant')).toEqual([expect.objectContaining({ feature: 'projects', quantity: 3 })]);
    expect(of('event').map(({ type }) => type)).toEqual(
      expect.arrayContaining(['user.registered', 'customer.created', 'subscription.created']),
    );
    expect(of('session')).toHaveLength(1);
    expect(lines.at(-1)).toEqual({ kind: 'end', whole: true });
    expect(buffer).not.toMatch(/argon2|passwordHash|secret/i);
  });

  it('an export is complete for archived products and long histories', async () => {
    const user = await registerUser(service);
    const product = uniqueName('gone');
    await applyMeteredProduct(service, product, null);
    await service.admin('PUT', `/v1/customers/${user.customer}`, { body: { product } });
    await service.admin('POST', `/v1/customers/${user.customer}/grants`, {
      body: { product, feature: 'calls', quantity: 3 },
    });
    const events = Array.from({ length: 1_000 }, (_, index) => ({
      id: `${product}-${index}`,
      customer: user.customer,
      feature: 'calls',
      quantity: 1,
    }));
    for (const half of [events.slice(0, 600), events.slice(600)])
      expect((await service.admin('POST', '/v1/usage/events', { body: { product, events: half } })).status).toBe(200);
    expect((await service.admin('DELETE', `/v1/products/${product}`)).status).toBe(204);
    const { body } = await user.call('GET', '/v1/users/me/export');
    const lines = (body as string)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; product?: string });
    expect(lines.at(-1)).toEqual({ kind: 'end', whole: true });
    expect(lines.filter(({ kind, product: of }) => kind === 'usage' && of === product)).toHaveLength(1_000);
    expect(lines.filter(({ kind, product: of }) => kind === 'subscription' && of === product)).toHaveLength(1);
    expect(lines.filter(({ kind }) => kind === 'grant')).toHaveLength(1);
  });

  it('admins find an account and its customer by e-mail address', async () => {
    const user = await registerUser(service);
    expect(
      (await service.admin('GET', `/v1/users?email=${user.email.toUpperCase()}`)).body.data.map(
        ({ id }: { id: string }) => id,
      ),
    ).toEqual([user.userId]);
    expect(
      (await service.admin('GET', `/v1/customers?email=${user.email}`)).body.data.map(
        ({ key }: { key: string }) => key,
      ),
    ).toEqual([user.customer]);
    expect((await service.admin('GET', '/v1/users?email=absent@example.com')).body.data).toEqual([]);
  });
});
