import { describe, expect, it } from '@jest/globals';
import { type Call, startService } from '../support/app.js';
import { inParallel, registerUser, registerUserWithRole } from '../support/fixtures.js';

describe('the rate limit', () => {
  it('limits requests per minute per address, ignores forged headers, and returns what is left', async () => {
    const limited = await startService({ environment: { RATE_LIMIT_PER_MINUTE: '5' } });
    try {
      const responses = await inParallel(8, 1, (index) =>
        limited.call('GET', '/v1/plans', { headers: { 'x-forwarded-for': `10.0.0.${index}` } }),
      );
      expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
      const last = responses.at(-1)!;
      expect(last.body).toMatchObject({ code: 'rate_limited' });
      expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(last.headers.get('ratelimit-policy')).toBe('"default";q=5;w=60');
      expect(last.headers.get('ratelimit')).toMatch(/^"default";r=0;t=\d+$/);
      // A user with a token has a separate bucket.
      expect((await limited.admin('GET', '/v1/users/me')).status).toBe(200);
    } finally {
      await limited.stop();
    }
  });

  it('is six times as high for staff in the console only', async () => {
    const limited = await startService({
      environment: { RATE_LIMIT_PER_MINUTE: '2', AUTH_RATE_LIMIT_PER_MINUTE: '0' },
    });
    const inConsole = { 'sec-fetch-site': 'same-origin' };
    const policyOf = async (call: Call, headers: Record<string, string>): Promise<string | null> =>
      (await call('GET', '/v1/plans', { headers })).headers.get('ratelimit-policy');
    try {
      const [support, user] = [await registerUserWithRole(limited, { role: 'support' }), await registerUser(limited)];
      expect(await policyOf(user.call, inConsole)).toBe('"default";q=2;w=60');
      expect(await policyOf(support.call, {})).toBe('"default";q=2;w=60');
      expect(await policyOf(support.call, { 'sec-fetch-site': 'cross-site' })).toBe('"default";q=2;w=60');
      expect(await policyOf(limited.call, inConsole)).toBe('"default";q=2;w=60');
      const answers = await inParallel(13, 1, () => support.call('GET', '/v1/plans', { headers: inConsole }));
      expect(answers.map(({ status }) => status)).toEqual([...new Array<number>(12).fill(200), 429]);
      expect(answers[0]!.headers.get('ratelimit-policy')).toBe('"console";q=12;w=60');
    } finally {
      await limited.stop();
    }
  });

  it('counts renewals of browser sessions apart from logins', async () => {
    const limited = await startService({
      environment: { RATE_LIMIT_PER_MINUTE: '20', AUTH_RATE_LIMIT_PER_MINUTE: '2' },
    });
    try {
      const renew = () => limited.call('POST', '/v1/auth/browser/refresh', { body: {} });
      const answers = await inParallel(4, 1, renew);
      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
      expect(answers[0]!.headers.get('ratelimit-policy')).toBe('"default";q=20;w=60');
      const logout = await limited.call('POST', '/v1/auth/browser/logout', { body: {} });
      expect(logout.headers.get('ratelimit-policy')).toBe('"auth";q=2;w=60');
    } finally {
      await limited.stop();
    }
  });
});
