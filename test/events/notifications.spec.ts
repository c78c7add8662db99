import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, TestClock, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { deliverDueEvents } from '../support/deliveries.js';
import { applyLifecycleProduct, registerUser, type RegisteredUser, uniqueName } from '../support/fixtures.js';
import { Mailbox, subjectOf, bodyOf } from '../support/mailbox.js';

const DAY_MS = 86_400_000;

interface Told {
  id: string;
  kind: string;
  title: string;
  text: string;
  readAt: string | null;
}

describe('notifications', () => {
  const clock = new TestClock();
  const mailbox = new Mailbox();
  let service: TestApp & { database: TestDatabase };
  let product: string;

  beforeAll(async () => {
    service = await startService({ clock, environment: mailbox.environment });
    product = uniqueName('product');
    await applyLifecycleProduct(service, product);
  });
  afterAll(async () => {
    await service.stop();
    mailbox.remove();
  });

  /** A user with a subscription on the product and a verified email. */
  const reader = async (preferences: object = {}): Promise<RegisteredUser> => {
    const user = await registerUser(service);
    await service.call('POST', '/v1/auth/verify-email', {
      body: { token: await mailbox.tokenFor(service, user.email) },
    });
    await user.call('PATCH', '/v1/users/me', { body: preferences });
    const { status, body } = await user.call('POST', '/v1/subscriptions', { body: { product, plan: 'basic' } });
    expect(status).toBe(201);
    return { ...user, subscriptionId: body.id };
  };
  const listNotifications = async ({ call }: RegisteredUser, query = ''): Promise<Told[]> =>
    (await call('GET', `/v1/users/me/notifications?limit=100${query}`)).body.data;
  /** Mails except those about the account, sorted by text: mails that are due together are sent concurrently. */
  const mails = async ({ email }: RegisteredUser): Promise<string[]> =>
    (await mailbox.mailsTo(service, email))
      .map((mail) => subjectOf(mail)!)
      .filter((subject) => !/address|password|Adresse/.test(subject))
      .sort();

  it('a user is notified of events in the application and by mail', async () => {
    const ann = await reader({ timezone: 'America/New_York' });
    for (let unit = 0; unit < 10; unit++)
      await ann.call('POST', '/v1/usage/consume', { body: { feature: 'calls', product } });
    await ann.call('POST', `/v1/subscriptions/${ann.subscriptionId}/change`, { body: { plan: 'pro', when: 'now' } });
    await ann.call('POST', `/v1/subscriptions/${ann.subscriptionId}/cancel`, { body: { when: 'period_end' } });
    await deliverDueEvents(service);
    const kinds = (await listNotifications(ann)).map(({ kind }) => kind).reverse();
    // Free default plans come first and send no mail.
    expect(kinds.slice(-5)).toEqual([
      'subscription_started',
      'usage_nearly_reached',
      'usage_reached',
      'subscription_changed',
      'subscription_cancel_scheduled',
    ]);
    expect(await mails(ann)).toEqual([
      '80 % of calls are used',
      'All of calls is used',
      'Your plan BASIC has started',
      'Your plan PRO is set to end',
      'Your plan is now PRO',
    ]);
    const [, changed] = await listNotifications(ann);
    expect(changed!.text).toMatch(
      /^Since .* (AM|PM) your plan is PRO, no longer BASIC\. The price is \$30\.00 a period\.$/,
    );
    const last = (await mailbox.mailsTo(service, ann.email)).find(
      (mail) => subjectOf(mail) === 'Your plan PRO is set to end',
    )!;
    expect(bodyOf(last)).toBe(`${(await listNotifications(ann))[0]!.text}\n`);
    // The Message-ID is the same in each attempt.
    expect(last).toMatch(/\r\nMessage-ID: <[0-9a-f-]{36}@localhost>\r\n/i);
  });

  it('a user is notified of reminders, renewals, failed payments and the end of a subscription', async () => {
    const bob = await reader();
    const later = async (days: number): Promise<void> => {
      // Mail in progress must arrive before the clock moves: the jump would expire its lease and send it twice.
      await deliverDueEvents(service);
      clock.advance(days * DAY_MS);
      await sweep();
    };
    const relogged = async (): Promise<RegisteredUser> => {
      const { body } = await service.call('POST', '/v1/auth/login', {
        body: { email: bob.email, password: 'a long enough password' },
      });
      return {
        ...bob,
        call: (method, path, options = {}) => service.call(method, path, { token: body.accessToken, ...options }),
      };
    };
    const admin = async () => {
      const { body } = await service.call('POST', '/v1/auth/login', {
        body: { email: 'admin@localhost', password: 'correct horse battery staple' },
      });
      return (path: string, body_: object = {}) => service.call('POST', path, { token: body.accessToken, body: body_ });
    };
    await later(25);
    await later(7);
    for (const outcome of ['failed', 'succeeded'])
      expect(
        (await (await admin())(`/v1/subscriptions/${bob.subscriptionId}/record-payment`, { outcome, reason: 'card' }))
          .status,
      ).toBe(200);
    await (
      await relogged()
    ).call('POST', `/v1/subscriptions/${bob.subscriptionId}/cancel`, { body: { when: 'period_end' } });
    await later(24);
    await later(10);
    await deliverDueEvents(service);
    expect(await mails(bob)).toEqual([
      'A payment for BASIC failed',
      'Your plan BASIC ends soon',
      'Your plan BASIC has ended',
      'Your plan BASIC has started',
      'Your plan BASIC is set to end',
      'Your plan BASIC renews soon',
      'Your plan BASIC was renewed',
    ]);
  });
  const sweep = async (): Promise<void> => {
    const { DueSubscriptionsService } = await import('@app/subscriptions');
    await service.app.get(DueSubscriptionsService, { strict: false }).processDue();
  };

  it('texts are in the language of the user from the moment of the change', async () => {
    const eva = await reader({ language: 'de', timezone: 'Europe/Berlin' });
    expect(await mails(eva)).toEqual(['Dein Tarif BASIC läuft']);
    const [newest] = await listNotifications(eva);
    expect(newest).toMatchObject({
      title: 'Dein Tarif BASIC läuft',
      text: expect.stringMatching(
        /^Dein Tarif begann am \d+\. .* um \d\d:\d\d\. Der erste Zeitraum endet am .* Der Preis ist 10,00 \$ je Zeitraum\.$/,
      ),
    });
    await eva.call('PATCH', '/v1/users/me', { body: { language: 'en' } });
    expect((await listNotifications(eva))[0]!.title).toBe('Your plan BASIC has started');
    // Mail about the account is translated too, from the registration on.
    const email = `${uniqueName('jan')}@example.com`;
    await service.call('POST', '/v1/auth/register', {
      body: { email, password: 'a long enough password', language: 'de' },
    });
    expect((await mailbox.mailsTo(service, email)).map(subjectOf)).toEqual(['Bitte bestätige deine E-Mail-Adresse']);
    expect((await eva.call('PATCH', '/v1/users/me', { body: { language: 'xx' } })).status).toBe(422);
  });

  it('mail is sent only to verified addresses of users who want it', async () => {
    const muted = await reader({ mutedMails: ['usage'] });
    const silent = await reader({ mailEnabled: false });
    const unproven = await registerUser(service);
    for (const user of [muted, silent]) {
      for (let unit = 0; unit < 10; unit++)
        await user.call('POST', '/v1/usage/consume', { body: { feature: 'calls', product } });
    }
    await unproven.call('POST', '/v1/subscriptions', { body: { product, plan: 'basic' } });
    await deliverDueEvents(service);
    expect(await mails(muted)).toEqual(['Your plan BASIC has started']);
    expect(await mails(silent)).toEqual([]);
    expect(await mails(unproven)).toEqual([]);
    for (const user of [muted, silent, unproven])
      expect((await listNotifications(user)).map(({ kind }) => kind)).toContain('subscription_started');
    expect((await muted.call('GET', '/v1/users/me')).body).toMatchObject({ mutedMails: ['usage'], mailEnabled: true });
    expect((await muted.call('PATCH', '/v1/users/me', { body: { mutedMails: ['everything'] } })).status).toBe(422);
  });

  it('a notification can be read once, is counted, and is visible to its owner only', async () => {
    const [ann, bob] = [await reader(), await reader()];
    await deliverDueEvents(service);
    const count = async ({ call }: RegisteredUser): Promise<number> =>
      (await call('GET', '/v1/users/me/notifications/unread-count')).body.unread;
    const all = await listNotifications(ann);
    expect(await count(ann)).toBe(all.length);
    expect((await bob.call('POST', `/v1/users/me/notifications/${all[0]!.id}/read`, { body: {} })).status).toBe(404);
    expect((await ann.call('POST', `/v1/users/me/notifications/${all[0]!.id}/read`, { body: {} })).status).toBe(204);
    const [read] = await listNotifications(ann);
    clock.advance(1_000);
    expect((await ann.call('POST', `/v1/users/me/notifications/${all[0]!.id}/read`, { body: {} })).status).toBe(204);
    expect((await listNotifications(ann))[0]!.readAt).toBe(read!.readAt);
    expect((await listNotifications(ann, '&unread=true')).map(({ id }) => id)).toEqual(
      all.slice(1).map(({ id }) => id),
    );
    expect((await ann.call('POST', '/v1/users/me/notifications/read', { body: {} })).status).toBe(204);
    expect([await count(ann), await count(bob)]).toEqual([0, (await listNotifications(bob)).length]);
    const first = await ann.call('GET', '/v1/users/me/notifications?limit=1');
    const second = await ann.call('GET', `/v1/users/me/notifications?limit=1&cursor=${first.body.nextCursor}`);
    expect([first.body.data[0].id, second.body.data[0].id]).toEqual(all.slice(0, 2).map(({ id }) => id));
    expect((await bob.call('GET', `/v1/users/me/notifications?limit=1&cursor=${first.body.nextCursor}`)).status).toBe(
      400,
    );
  });

  it('an event that is published twice concurrently creates one notification and one mail', async () => {
    const ann = await reader();
    await Promise.all(Array.from({ length: 8 }, () => deliverDueEvents(service)));
    expect((await mails(ann)).filter((subject) => subject === 'Your plan BASIC has started')).toHaveLength(1);
    const doubled = await service.database.query(
      'select 1 from notifications group by user_id, event_id having count(*) > 1',
    );
    expect(doubled).toEqual([]);
  });

  it('notifications are deleted with the account and included in its export', async () => {
    const ann = await reader();
    await deliverDueEvents(service);
    const { body } = await ann.call('GET', '/v1/users/me/export');
    expect(
      String(body)
        .split('\n')
        .filter((line) => line.includes('"kind":"notification"')).length,
    ).toBe((await listNotifications(ann)).length);
    expect(
      (await ann.call('POST', '/v1/users/me/delete', { body: { password: 'a long enough password' } })).status,
    ).toBe(204);
    expect(await service.database.query('select 1 from notifications where user_id = $1', [ann.userId])).toEqual([]);
    // No one is notified of the canceled subscriptions.
    await deliverDueEvents(service);
    expect(await service.database.query('select 1 from notifications where user_id = $1', [ann.userId])).toEqual([]);
  });

  describe('development mail', () => {
    it('sent mails are shown on /dev/mail on this machine only', async () => {
      const ann = await reader({ name: '<script>alert(1)</script>' });
      await mails(ann);
      const { status, headers, body } = await service.call('GET', '/dev/mail');
      expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(body).toContain(ann.email);
      expect(body).not.toContain('<script');
      for (const headers of [{ host: 'rebound.example' }, { 'x-forwarded-for': '203.0.113.1' }] as Record<
        string,
        string
      >[])
        expect((await rawGet(service.url, '/dev/mail', headers)).status).toBe(404);
    });

    it('/dev/mail is not available when an SMTP server is configured', async () => {
      const sending = await startService({ environment: { SMTP_URL: 'smtp://127.0.0.1:1' } });
      expect((await sending.call('GET', '/dev/mail')).status).toBe(404);
      await sending.stop();
    });
  });
});

/** Sends a request with a custom Host header, which fetch does not allow. */
async function rawGet(url: string, path: string, headers: Record<string, string>): Promise<{ status: number }> {
  const { get } = await import('node:http');
  return new Promise(
    (resolve, reject) =>
      void get(url + path, { headers, agent: false }, (answer) =>
        answer.resume().once('end', () => resolve({ status: answer.statusCode! })),
      ).once('error', reject),
  );
}
