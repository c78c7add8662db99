import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuthHousekeeping } from '@app/auth';
import { Dispatcher } from '@app/deliveries';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { registerUser } from '../support/fixtures.js';
import { expectLog } from '../support/log.js';

/** A mail server that accepts or rejects mail. */
class MailServer {
  readonly received: string[] = [];
  mood: 'takes' | 'rejects temporarily' | 'hangs up' = 'takes';
  private readonly server: Server;

  constructor() {
    this.server = createServer((socket) => {
      let message: string | null = null;
      let rest = '';
      socket.on('error', () => undefined);
      if (this.mood === 'hangs up') return void socket.destroy();
      socket.write('220 test\r\n');
      const response = (line: string): string => {
        if (/^(EHLO|HELO)/.test(line)) return '250 test';
        if (/^RCPT/.test(line) && this.mood === 'rejects temporarily') return '451 later';
        if (/^DATA/.test(line)) {
          message = '';
          return '354 send the message';
        }
        return /^QUIT/.test(line) ? '221 bye' : '250 ok';
      };
      socket.on('data', (data) => {
        rest += data.toString();
        for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
          const line = rest.slice(0, end);
          rest = rest.slice(end + 2);
          if (message === null) socket.write(`${response(line)}\r\n`);
          else if (line === '.') {
            this.received.push(message);
            message = null;
            socket.write('250 taken\r\n');
          } else message += `${line}\n`;
        }
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `smtp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<unknown> {
    return new Promise((resolve) => this.server.close(resolve));
  }
}

describe('account mail', () => {
  const server = new MailServer();
  let service: TestApp & { database: TestDatabase };
  const deliver = async (): Promise<number> => {
    const dispatcher = service.app.get(Dispatcher, { strict: false });
    const begun = await dispatcher.dispatch();
    await dispatcher.idle();
    return begun;
  };
  const rows = () =>
    service.database.query<{ kind: string; attempts: number; waits: boolean }>(
      `select type as kind, attempts, status = 'pending' as waits from deliveries where channel = 'account_mail' order by id`,
    );
  const dueNow = async () => {
    await service.database.query(`update deliveries set due_at = now() - interval '1 second' where due_at is not null`);
    await service.database.query('delete from delivery_lanes');
  };

  beforeAll(async () => {
    const smtpUrl = await server.start();
    service = await startService({
      environment: {
        SMTP_URL: smtpUrl,
        MAIL_FROM: 'Tollgate <no-reply@example.com>',
        ACCOUNT_URL: 'https://app.example/account/',
      },
    });
  });
  afterAll(async () => {
    await service.stop();
    await server.stop();
  });
  beforeEach(async () => {
    await service.database.query('delete from deliveries');
    await service.database.query('delete from account_mails');
    await service.database.query('delete from delivery_lanes');
    server.received.length = 0;
    server.mood = 'takes';
  });

  it('is sent with a link to the page that accepts its token', async () => {
    const { email } = await registerUser(service);
    await deliver();
    expect(server.received).toHaveLength(1);
    expect(server.received[0]).toContain(`To: ${email}`);
    expect(server.received[0]).toContain('From: Tollgate <no-reply@example.com>');
    const token = /account\/verify-email#token=3D([A-Za-z0-9_-]{43})/.exec(
      server.received[0]!.replace(/=\n/g, ''),
    )![1]!;
    expect((await service.call('POST', '/v1/auth/verify-email', { body: { token } })).status).toBe(204);
  });

  it.each(['rejects temporarily', 'hangs up'] as const)(
    'waits while the mail server %s and is sent afterwards',
    async (mood) => {
      expectLog(/Sending a mail failed/);
      server.mood = mood;
      await registerUser(service);
      await deliver();
      expect(await rows()).toEqual([{ kind: 'verify_email', attempts: 1, waits: true }]);
      expect(server.received).toEqual([]);
      // Not before the next attempt is due.
      expect(await deliver()).toBe(0);
      server.mood = 'takes';
      await dueNow();
      await deliver();
      expect(server.received).toHaveLength(1);
      expect(await rows()).toEqual([{ kind: 'verify_email', attempts: 2, waits: false }]);
    },
  );

  it('is abandoned after ten attempts and blocks no other mail', async () => {
    expectLog(/Sending a mail failed/);
    server.mood = 'rejects temporarily';
    await registerUser(service);
    await service.database.query('update deliveries set attempts = 9');
    await dueNow();
    await deliver();
    expect(await rows()).toEqual([{ kind: 'verify_email', attempts: 10, waits: false }]);
  });

  it('is sent by another worker one minute after its worker died', async () => {
    await registerUser(service);
    await deliver();
    // Claimed by a worker that then died.
    await service.database.query(
      `update deliveries set due_at = now() - interval '1 second', attempts = 1, status = 'pending', settled_at = null`,
    );
    server.received.length = 0;
    await deliver();
    expect(server.received).toHaveLength(1);
  });

  it('expired tokens and mails are purged after one day, others are kept', async () => {
    const [old, fresh] = [await registerUser(service), await registerUser(service)];
    await deliver();
    await service.call('POST', '/v1/auth/login', { body: { email: 'absent@example.com', password: 'wrong' } });
    await service.database.query(
      `update account_mails set created_at = created_at - interval '2 days' where user_id = $1`,
      [old.userId],
    );
    await service.database.query(`update action_tokens set expires_at = now() - interval '2 days' where user_id = $1`, [
      old.userId,
    ]);
    await service.database.query(
      `update refresh_tokens set expires_at = now() - interval '2 days' where session_id in (select id from sessions where user_id = $1)`,
      [old.userId],
    );
    await service.database.query(`update sessions set expires_at = now() - interval '2 days' where user_id = $1`, [
      old.userId,
    ]);
    await service.database.query(`update login_attempts set updated_at = now() - interval '2 days'`);
    const housekeeping = service.app.get(AuthHousekeeping, { strict: false });
    while ((await housekeeping.purge()) > 0);
    const left = async (userId: string) =>
      (
        await service.database.query(
          `select (select count(*)::int from sessions where user_id = $1) as sessions, (select count(*)::int from account_mails where user_id = $1) as mails, (select count(*)::int from action_tokens where user_id = $1) as tokens`,
          [userId],
        )
      )[0];
    expect(await left(old.userId)).toEqual({ sessions: 0, mails: 0, tokens: 0 });
    expect(await left(fresh.userId)).toEqual({ sessions: 1, mails: 1, tokens: 1 });
    const attempts = await service.database.query<{ familiar: boolean }>(
      'select familiar_until is not null as familiar from login_attempts',
    );
    // The familiar source of an owner is kept longer than failed attempts.
    expect(attempts.every(({ familiar }) => familiar)).toBe(true);
  });
});
