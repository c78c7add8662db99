import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type TestApp } from '../support/app.js';

const ORIGIN = 'https://app.example.com';

/** Sends a request without automatic decompression of the response. */
function requestRaw(
  url: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<{ status: number; headers: Record<string, string | undefined>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers as Record<string, string>,
          body: Buffer.concat(chunks),
        }),
      );
    })
      .on('error', reject)
      .end();
  });
}

describe('the HTTP edge', () => {
  let service: TestApp;

  beforeAll(async () => {
    service = await startService({ environment: { CORS_ORIGINS: `${ORIGIN}, https://other.example.com` } });
  }, 60_000);
  afterAll(() => service.stop());

  it('compresses long responses on request and leaves short ones unchanged', async () => {
    const plain = await requestRaw(`${service.url}/v1/plans?product=api&limit=100`, {});
    const compressed = await requestRaw(`${service.url}/v1/plans?product=api&limit=100`, { 'accept-encoding': 'gzip' });
    expect(compressed.headers).toMatchObject({
      'content-encoding': 'gzip',
      vary: expect.stringMatching(/accept-encoding/),
    });
    expect(gunzipSync(compressed.body).equals(plain.body)).toBe(true);
    expect(compressed.body.length * 2).toBeLessThan(plain.body.length);
    expect(
      (await requestRaw(`${service.url}/health/live`, { 'accept-encoding': 'gzip' })).headers['content-encoding'],
    ).toBeUndefined();
  });

  it('allows the configured CORS origins and no others', async () => {
    const preflight = {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    };
    const allowed = await requestRaw(`${service.url}/v1/check`, { origin: ORIGIN, ...preflight }, 'OPTIONS');
    expect(allowed).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': ORIGIN,
        'access-control-allow-methods': expect.stringContaining('POST'),
        'access-control-max-age': '600',
      },
    });
    expect(allowed.headers['access-control-allow-credentials']).toBeUndefined();
    expect(
      (await requestRaw(`${service.url}/v1/plans`, { origin: ORIGIN })).headers['access-control-allow-origin'],
    ).toBe(ORIGIN);
    for (const origin of ['https://evil.example.com', `${ORIGIN}.evil.com`, 'null'])
      expect(
        (await requestRaw(`${service.url}/v1/plans`, { origin })).headers['access-control-allow-origin'],
      ).toBeUndefined();
  });

  it('sends the same security headers with every response, error and file', async () => {
    for (const at of ['/health/live', '/v1/plans', '/v1/customers', '/nothing', '/docs', '/metrics']) {
      const { headers } = await requestRaw(service.url + at, { origin: ORIGIN });
      expect([at, headers]).toEqual([
        at,
        expect.objectContaining({
          'x-content-type-options': 'nosniff',
          'x-frame-options': 'DENY',
          'referrer-policy': 'no-referrer',
          'strict-transport-security': expect.any(String),
          'content-security-policy': expect.any(String),
          'x-request-id': expect.any(String),
        }),
      ]);
    }
  });

  it('sends Server-Timing to admins only', async () => {
    const { headers } = await service.admin('GET', '/v1/customers');
    expect(headers.get('server-timing')).toMatch(/^app;dur=[\d.]+, db;dur=[\d.]+;desc="[1-9]\d* queries"$/);
    expect((await service.call('GET', '/v1/plans')).headers.get('server-timing')).toBeNull();
  });

  it('/health/ready reports state, latency and since when for each dependency', async () => {
    const { status, body } = await service.call('GET', '/health/ready');
    expect([status, body]).toEqual([
      200,
      {
        status: 'ok',
        dependencies: {
          database: { status: 'up', latencyMs: expect.any(Number), since: expect.stringMatching(/^\d{4}-/) },
        },
      },
    ]);
  });

  it('sends no CORS headers when no origin is configured', async () => {
    const withoutOrigins = await startService();
    expect(
      (await requestRaw(`${withoutOrigins.url}/v1/plans`, { origin: ORIGIN })).headers['access-control-allow-origin'],
    ).toBeUndefined();
    await withoutOrigins.stop();
  });
});
