import { describe, expect, it } from '@jest/globals';
import { startService } from '../support/app.js';
import { inParallel } from '../support/fixtures.js';

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
});
