import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Config } from '@app/platform';
import { createTestDatabase } from '../support/database.js';
import { startProcess, temporaryFolder } from '../support/process.js';

const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://db/x',
  SECRET_KEY: 'q8Zr1vXw5uTn3yLk7pMd2sGh9cFb4aJe',
};
const STRIPE = {
  STRIPE_SECRET_KEY: 'sk_live_q8Zr1vXw5uTn3yLk7pMd2s',
  STRIPE_WEBHOOK_SECRET: 'whsec_q8Zr1vXw5uTn3yLk7pMd2s',
};
const refusal = (environment: NodeJS.ProcessEnv): string => {
  try {
    new Config(environment);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('the configuration', () => {
  it('has defaults for a first try and stores the SECRET_KEY that it draws', () => {
    const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-config-'));
    const config = new Config({ DATA_DIR: dataDir });
    expect(config).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      embeddedDatabase: true,
      sampleData: true,
      rateLimitPerMinute: 100,
      worker: true,
      adminEmail: 'admin@localhost',
    });
    expect(config.secretKey.length).toBeGreaterThanOrEqual(32);
    expect(new Config({ DATA_DIR: dataDir }).secretKey).toBe(config.secretKey);
    expect(fs.statSync(path.join(dataDir, 'secret-key')).mode & 0o077).toBe(0);
    fs.rmSync(dataDir, { recursive: true });
  });

  it('AUTH_RATE_LIMIT_PER_MINUTE defaults to three tenths of the general limit', () => {
    const authLimit = (environment: NodeJS.ProcessEnv) =>
      new Config({ ...production, ...environment }).authRateLimitPerMinute;
    expect([
      authLimit({}),
      authLimit({ RATE_LIMIT_PER_MINUTE: '0' }),
      authLimit({ RATE_LIMIT_PER_MINUTE: '5' }),
      authLimit({ RATE_LIMIT_PER_MINUTE: '10000' }),
      authLimit({ AUTH_RATE_LIMIT_PER_MINUTE: '7' }),
    ]).toEqual([30, 0, 2, 3_000, 7]);
  });

  it('production starts with its own secrets', () => {
    expect(new Config(production)).toMatchObject({ production: true, host: '0.0.0.0', sampleData: false });
  });

  it.each([
    ['SECRET_KEY', { ...production, SECRET_KEY: undefined }],
    ['SECRET_KEY', { ...production, SECRET_KEY: 'short' }],
    ['SECRET_KEY', { ...production, SECRET_KEY: 'change-me-change-me-change-me-change-me' }],
    ['SECRET_KEY', { ...production, SECRET_KEY: 'a'.repeat(40) }],
    ['DATABASE_URL', { ...production, DATABASE_URL: undefined }],
    ['DATABASE_URL', { ...production, DATABASE_URL: 'mysql://db/x' }],
    ['ADMIN_PASSWORD', { ...production, ADMIN_PASSWORD: 'change-me-now' }],
    ['PORT', { PORT: 'eighty' }],
    ['WORKER', { WORKER: 'maybe' }],
    ['PASSWORD_MIN_LENGTH', { PASSWORD_MIN_LENGTH: '7' }],
    ['SIGNING_KEY_DAYS', { SIGNING_KEY_DAYS: '0' }],
    ['TRUSTED_PROXIES', { TRUSTED_PROXIES: 'everybody' }],
    ['TRUSTED_PROXIES', { TRUSTED_PROXIES: '10.0.0.0/99' }],
    ['SMTP_URL', { SMTP_URL: 'https://mail.internal' }],
    ['MAIL_FROM', { MAIL_FROM: 'a@b\r\nBcc: c@d' }],
    ['ACCOUNT_URL', { ACCOUNT_URL: 'javascript:alert(1)' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'tollgate.example.com' }],
    ['STRIPE_SECRET_KEY', { STRIPE_SECRET_KEY: 'pk_live_0123456789' }],
    ['STRIPE_WEBHOOK_SECRET', { STRIPE_WEBHOOK_SECRET: 'a-secret-of-another-kind' }],
    ['STRIPE_WEBHOOK_SECRET', { STRIPE_SECRET_KEY: 'sk_test_q8Zr1vXw5uTn3yLk7pMd2s' }],
    ['PUBLIC_URL', { ...production, ...STRIPE }],
    ['STRIPE_API_URL', { ...production, ...STRIPE, PUBLIC_URL: 'https://t.io', STRIPE_API_URL: 'http://127.0.0.1:1' }],
  ])('an invalid %s is rejected by name, and its value is not printed', (name, environment) => {
    const message = refusal(environment);
    expect(message).toContain(name);
    const value = (environment as Record<string, string | undefined>)[name];
    if (value) expect(message).not.toContain(value);
  });

  it('production rejects every sample value of the example file', () => {
    const example = Object.fromEntries(
      fs
        .readFileSync(path.resolve(import.meta.dirname, '../../.env.example'), 'utf8')
        .split('\n')
        .filter((line) => /^#? ?[A-Z_]+=./.test(line))
        .map((line) => line.replace(/^# ?/, '').split(/=(.*)/).slice(0, 2) as [string, string]),
    );
    const secrets = ['SECRET_KEY', 'ADMIN_PASSWORD', 'STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'];
    expect(Object.keys(example)).toEqual(expect.arrayContaining(secrets));
    for (const name of secrets)
      expect(refusal({ ...production, ...STRIPE, PUBLIC_URL: 'https://t.io', [name]: example[name] })).toContain(
        `${name} holds a sample value`,
      );
  });

  it('production offers the sandbox provider only when it is allowed', () => {
    const offers = (environment: NodeJS.ProcessEnv): boolean => new Config(environment).sandboxPayments;
    const { SECRET_KEY } = production;
    expect([offers({ SECRET_KEY }), offers(production), offers({ ...production, SANDBOX_PAYMENTS: 'on' })]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('production refuses a database server without durable commits', async () => {
    const database = await createTestDatabase();
    const folder = temporaryFolder();
    try {
      // The embedded server of the tests is one of these.
      const started = startProcess(folder, {
        ...production,
        DATABASE_URL: database.url,
        ADMIN_PASSWORD: 'q8Zr1vXw5uTn3yLk7pMd2sGh',
      });
      await expect(started).rejects.toThrow(/DATABASE_URL is a server with .*fsync = off/);
    } finally {
      await database.drop();
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });
});
