import { request } from 'node:http';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fastify } from 'fastify';
import { addPages } from '../../apps/api/src/pages/pages.js';
import { startService, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/process.js';

const PAGES = ['admin', 'portal'];
const ASSET = /\/(?:admin|portal)\/assets\/[^"]+\.js/;
const NONCE = /'nonce-([\w+/=]{20,})'/;

const policyOf = (headers: Headers): Record<string, string> =>
  Object.fromEntries(
    headers
      .get('content-security-policy')!
      .split('; ')
      .map((directive) => /^(\S+) (.*)$/.exec(directive)!.slice(1) as [string, string]),
  );

/** Sends a path as it is: `fetch` would resolve its dots. */
const statusOf = (url: string, at: string): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    request({ hostname, port, path: at }, (response) => {
      let text = '';
      response.on('data', (data) => (text += String(data)));
      response.on('end', () => resolve({ status: response.statusCode!, text }));
    })
      .on('error', reject)
      .end();
  });

describe('the pages', () => {
  let service: TestApp;
  const get = (at: string, init: RequestInit = {}): Promise<Response> =>
    fetch(service.url + at, { redirect: 'manual', ...init });
  const assetOf = async (page: string): Promise<string> => ASSET.exec(await (await get(`/${page}`)).text())![0];

  beforeAll(async () => {
    // Counted requests would be refused from the third on.
    service = await startService({ environment: { RATE_LIMIT_PER_MINUTE: '2', AUTH_RATE_LIMIT_PER_MINUTE: '0' } });
  });
  afterAll(() => service.stop());

  it.each(PAGES)('%s allows scripts and styles of the service only, in no frame', async (page) => {
    const { headers } = await get(`/${page}`);
    const policy = policyOf(headers);
    expect(policy).toMatchObject({
      'default-src': "'none'",
      'script-src': "'self'",
      'connect-src': "'self'",
      'frame-src': 'blob:',
      'form-action': "'self'",
      'base-uri': "'none'",
      'frame-ancestors': "'none'",
    });
    expect(Object.values(policy).join(' ')).not.toMatch(/unsafe|http:|\*/);
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-cache',
      'content-type': 'text/html; charset=utf-8',
    });
  });

  it.each(PAGES)('%s has a new nonce in each answer, in the header and in the document', async (page) => {
    const answers = await Promise.all([get(`/${page}`), get(`/${page}`)]);
    const nonces = answers.map(({ headers }) => NONCE.exec(headers.get('content-security-policy')!)![1]!);
    expect(new Set(nonces).size).toBe(2);
    for (const [index, answer] of answers.entries()) {
      const document = await answer.text();
      expect(document).toContain(`nonce="${nonces[index]}"`);
      expect(document).not.toContain('__CSP_NONCE__');
    }
  });

  it.each(PAGES)('%s answers the address of a screen with the document', async (page) => {
    for (const at of [`/${page}/`, `/${page}/customers/acme.inc`, `/${page}/a/b?c=d`])
      expect(await (await get(at)).text()).toContain('<div id="root">');
    const { status, headers } = await get(`/${page}`, { method: 'HEAD' });
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-cache']);
  });

  it('/ leads to the console', async () => {
    const { status, headers } = await get('/');
    expect([status, headers.get('location')]).toEqual([302, '/admin']);
  });

  it.each(PAGES)('assets of %s are cached for a year, and sent as they were compressed at the build', async (page) => {
    const at = await assetOf(page);
    const file = path.join('dist/pages', at);
    for (const [accepted, encoding, suffix] of [
      ['br, gzip', 'br', '.br'],
      ['gzip', 'gzip', '.gz'],
      ['identity', null, ''],
    ] as const) {
      const { headers } = await get(at, { method: 'HEAD', headers: { 'accept-encoding': accepted } });
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'public, max-age=31536000, immutable',
        'content-type': 'text/javascript; charset=utf-8',
        'content-length': String(fs.statSync(file + suffix).size),
        'x-content-type-options': 'nosniff',
        vary: 'accept-encoding',
      });
      expect(headers.get('content-encoding')).toBe(encoding);
    }
  });

  it.each([
    '/admin/assets/../../../../package.json',
    '/admin/assets/..%2f..%2f..%2f..%2fpackage.json',
    '/admin/assets/%2e%2e/%2e%2e/%2e%2e/package.json',
    '/admin/assets/..%5c..%5c..%5cpackage.json',
    '/admin/assets//etc/passwd',
    '/admin/assets/%00',
    '/admin/assets/%zz',
    '/admin/assets/',
    '/admin/assets/../index.html',
    '/admin/assets/../.built-from',
    '/admin/assets/missing.js',
  ])('%s is no file', async (at) => {
    const { status, text } = await statusOf(service.url, at);
    expect([400, 404]).toContain(status);
    expect(JSON.parse(text)).toMatchObject({ status, requestId: expect.any(String) });
  });

  it('no screen is a file outside of the assets', async () => {
    for (const at of ['/admin/.built-from', '/admin/../package.json', '/portal/..%2f..%2fpackage.json'])
      expect((await statusOf(service.url, at)).text).toMatch(/^<!doctype html>|"status":40[04]/);
  });

  it('routes of the API keep their own policy', async () => {
    const { headers } = await get('/health/live');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(headers.get('cross-origin-opener-policy')).toBeNull();
  });
});

describe('a service without pages', () => {
  it('has no routes for them with PAGES=off', async () => {
    const service = await startService({ environment: { PAGES: 'off' } });
    try {
      for (const at of ['/', '/admin', '/portal/x']) {
        const { status, body } = await service.call('GET', at);
        expect([status, body.code]).toEqual([404, 'route_not_found']);
      }
    } finally {
      await service.stop();
    }
  });

  it('answers 404 until they are built', async () => {
    const server = fastify();
    addPages(server, path.join(temporaryFolder(), 'none'));
    const url = await server.listen({ port: 0, host: '127.0.0.1' });
    expect(await (await fetch(`${url}/admin/plans`)).text()).toContain('The pages are not built');
    expect((await fetch(`${url}/admin/assets/index.js`)).status).toBe(404);
    await server.close();
  });
});
