import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Config, Metrics, SharedRedis } from '@app/platform';
import { eventually } from '../support/eventually.js';
import { isRedisAvailable, startRedis, type TestRedis } from '../support/redis.js';

const withRedis = isRedisAvailable() ? describe : describe.skip;

withRedis('Redis', () => {
  let server: TestRedis;
  let redis: SharedRedis;
  const echo = (text: string) => redis.call(async (client) => ({ value: await client.echo(text) }));

  beforeAll(async () => {
    server = await startRedis();
    redis = new SharedRedis(new Config({ REDIS_URL: server.url }), new Metrics());
    await eventually(
      () => Promise.resolve(redis.client!.status),
      (status) => status === 'ready',
    );
  });
  afterAll(async () => {
    redis.onApplicationShutdown();
    await server.stop();
  });

  it('has answered when the answer arrived while this process was stalled beyond the timeout', async () => {
    expect(await echo('before')).toEqual({ value: 'before' });
    const answer = echo('during');
    await new Promise((resolve) => setImmediate(resolve));
    const until = performance.now() + 400;
    while (performance.now() < until);
    expect(await answer).toEqual({ value: 'during' });
  });
});
