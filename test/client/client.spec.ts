import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import Fastify from 'fastify';
import { requireEntitlement, requireEntitlementHook, Tollgate, TollgateError } from '@tollgate/client';
import { RequireEntitlement, TollgateModule } from '@tollgate/client/nest';
import { startService, type TestApp } from '../support/app.js';
import { documentedFetch } from '../support/contract.js';
import type { TestDatabase } from '../support/database.js';
import { applyMeteredProduct, createApiKey, uniqueName } from '../support/fixtures.js';

@Controller()
class ReportsController {
  @Get('report')
  @RequireEntitlement('calls', { quantity: 2 })
  report(): { done: boolean } {
    return { done: true };
  }
}

describe('the TypeScript client', () => {
  let service: TestApp & { database: TestDatabase };
  let apiKey: string;
  let tollgate: Tollgate;
  const product = uniqueName('client');
  const closing: (() => Promise<unknown>)[] = [];
  const customer = async (): Promise<string> => {
    const name = uniqueName('buyer');
    await service.call('PUT', `/v1/customers/${name}`, { token: apiKey, body: { product } });
    return name;
  };
  /** Starts a proxy to the service; `intercept` may handle a request itself. */
  const startProxy = async (
    intercept: (request: http.IncomingMessage, response: http.ServerResponse) => boolean,
  ): Promise<string> => {
    const proxy = http.createServer((request, response) => {
      if (intercept(request, response)) return;
      const onward = http.request(
        service.url + request.url!,
        { method: request.method, headers: request.headers },
        (answer) => {
          response.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(response);
        },
      );
      request.pipe(onward);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => (proxy.closeAllConnections(), proxy.close(resolve))));
    return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  };

  beforeAll(async () => {
    service = await startService();
    await applyMeteredProduct(service, product, 3);
    ({ key: apiKey } = await createApiKey(service));
    tollgate = new Tollgate({ baseUrl: service.url, apiKey, product, deadlineMs: 5_000, fetch: documentedFetch });
  });
  afterAll(async () => {
    await Promise.all(closing.map((close) => close()));
    await service.stop();
  });

  it('check counts nothing and consume counts the units, with types for every route', async () => {
    const name = await customer();
    expect(await tollgate.check({ customer: name, feature: 'calls' })).toMatchObject({ allowed: true, remaining: 3 });
    expect(await tollgate.consume({ customer: name, feature: 'calls', quantity: 2 })).toMatchObject({
      allowed: true,
      used: 2,
    });
    expect(await tollgate.consume({ customer: name, feature: 'calls', quantity: 2 })).toMatchObject({
      allowed: false,
      reason: 'limit_reached',
    });
    const { data } = await tollgate.api.GET('/v1/customers/{customer}/entitlements', {
      params: { path: { customer: name }, query: { product } },
    });
    expect(data!.data[0]!.used).toBe(2);
  });

  it('batches return one result for each request, count once over retries, and fall back alone', async () => {
    const [first, second] = [await customer(), await customer()];
    const requests = [
      { customer: first, feature: 'calls', quantity: 2 },
      { customer: 'absent', feature: 'calls' },
      { customer: second, feature: 'calls', quantity: 4 },
    ];
    expect(await tollgate.consumeBatch(requests)).toMatchObject([
      { allowed: true, used: 2 },
      { status: 404, code: 'customer_not_found' },
      { allowed: false, reason: 'limit_reached' },
    ]);
    expect(await tollgate.checkBatch([{ customer: first, feature: 'calls' }])).toMatchObject([{ used: 2 }]);
    let attempts = 0;
    const baseUrl = await startProxy((request, response) => {
      if (++attempts > 1) return false;
      // The service handles the request; its response is lost.
      const onward = http.request(
        service.url + request.url!,
        { method: request.method, headers: request.headers },
        (answer) => answer.resume().once('end', () => response.destroy()),
      );
      request.pipe(onward);
      return true;
    });
    const retrying = new Tollgate({ baseUrl, apiKey, product, deadlineMs: 5_000 });
    expect(await retrying.consumeBatch([{ customer: second, feature: 'calls' }])).toMatchObject([{ used: 1 }]);
    const unavailable = await startProxy(() => true);
    const fallBack = { baseUrl: unavailable, apiKey, deadlineMs: 200, onUnavailable: 'allow' } as const;
    expect(await new Tollgate(fallBack).checkBatch(requests)).toMatchObject(
      requests.map(({ customer: name }) => ({ customer: name, allowed: true, degraded: true })),
    );
  });

  it('an error response is thrown as TollgateError with its status and code', async () => {
    await expect(tollgate.consume({ customer: 'nobody', feature: 'calls' })).rejects.toMatchObject({
      status: 404,
      code: 'customer_not_found',
    });
    await expect(
      new Tollgate({ baseUrl: service.url, apiKey: 'tg_wrong' }).check({ customer: 'x', feature: 'calls' }),
    ).rejects.toBeInstanceOf(TollgateError);
  });

  it('consume retries with the same key after a lost response and counts once', async () => {
    const name = await customer();
    const keys: string[] = [];
    const baseUrl = await startProxy((request, response) => {
      if (request.url !== '/v1/usage/consume') return false;
      keys.push(String(request.headers['idempotency-key']));
      if (keys.length > 2) return false;
      // The service handles the request; its response is lost.
      const onward = http.request(
        service.url + request.url,
        { method: request.method, headers: request.headers },
        (answer) => answer.resume().once('end', () => response.destroy()),
      );
      request.pipe(onward);
      return true;
    });
    expect(
      await new Tollgate({ baseUrl, apiKey, product, deadlineMs: 5_000 }).consume({ customer: name, feature: 'calls' }),
    ).toMatchObject({ allowed: true, used: 1 });
    expect([keys.length, new Set(keys).size]).toEqual([3, 1]);
    expect(await tollgate.check({ customer: name, feature: 'calls' })).toMatchObject({ used: 1 });
  });

  it('onUnavailable decides when no response arrives before the deadline', async () => {
    const baseUrl = await startProxy(() => true);
    const request = { customer: 'x', feature: 'calls' };
    const silent = (onUnavailable: 'deny' | 'allow' | 'throw') =>
      new Tollgate({ baseUrl, apiKey, product, deadlineMs: 150, onUnavailable });
    expect(await silent('allow').check(request)).toMatchObject({ allowed: true, degraded: true });
    expect(await silent('deny').consume(request)).toMatchObject({
      allowed: false,
      reason: 'unavailable',
      degraded: true,
    });
    await expect(silent('throw').check(request)).rejects.toMatchObject({ status: 0, code: 'no_answer' });
  });

  it('a rate limit beyond the deadline counts as unavailable and is not retried', async () => {
    let attempts = 0;
    const baseUrl = await startProxy((_, response) => {
      attempts++;
      response
        .writeHead(429, { 'content-type': 'application/problem+json', 'retry-after': '30' })
        .end(JSON.stringify({ status: 429, code: 'rate_limited' }));
      return true;
    });
    const limited = (onUnavailable: 'allow' | 'throw') =>
      new Tollgate({ baseUrl, apiKey, product, deadlineMs: 2_000, onUnavailable });
    expect(await limited('allow').check({ customer: 'x', feature: 'calls' })).toMatchObject({
      allowed: true,
      degraded: true,
    });
    await expect(limited('throw').check({ customer: 'x', feature: 'calls' })).rejects.toMatchObject({
      status: 429,
      code: 'rate_limited',
      retryAfterSeconds: 30,
    });
    expect(attempts).toBe(2);
  });

  it.each([
    ['a date, of a 429 beyond the deadline', 429, 'Sat, 21 Nov 2026 09:00:45 GMT', 45],
    ['a date that has passed', 500, 'Sat, 21 Nov 2026 08:59:00 GMT', 0],
    ['no number and no date', 500, 'soon', 0],
  ])('a Retry-After with %s is read as seconds', async (_, status, retryAfter, retryAfterSeconds) => {
    let attempts = 0;
    const baseUrl = await startProxy((__, response) => {
      attempts++;
      response
        .writeHead(status, {
          'content-type': 'application/problem+json',
          'retry-after': retryAfter,
          date: 'Sat, 21 Nov 2026 09:00:00 GMT',
        })
        .end(JSON.stringify({ status, code: 'rate_limited' }));
      return true;
    });
    const tollgate = new Tollgate({ baseUrl, apiKey, product, deadlineMs: 2_000, onUnavailable: 'throw' });
    const call = tollgate.check({ customer: 'x', feature: 'calls' });
    await expect(call).rejects.toMatchObject({ status, retryAfterSeconds });
    expect(attempts).toBe(1);
  });

  it('guards a Nest route, a Fastify route and an Express route', async () => {
    const customerOf = ({ headers }: { headers: Record<string, unknown> }): string | null =>
      (headers['x-customer'] as string | undefined) ?? null;
    const module = await Test.createTestingModule({
      imports: [TollgateModule.forRoot({ baseUrl: service.url, apiKey, product, deadlineMs: 5_000, customerOf })],
      controllers: [ReportsController],
    }).compile();
    const nest = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
    await nest.listen(0, '127.0.0.1');
    const fastify = Fastify();
    fastify.get(
      '/report',
      { preHandler: requireEntitlementHook(tollgate, 'calls', { customerOf, quantity: 2 }) },
      async () => ({ done: true }),
    );
    await fastify.listen({ port: 0, host: '127.0.0.1' });
    const middleware = requireEntitlement<http.IncomingMessage>(tollgate, 'calls', { customerOf, quantity: 2 });
    const express = http.createServer((request, response) => {
      const expressResponse = Object.assign(response, {
        status: (code: number) => Object.assign(expressResponse, { statusCode: code }),
        json: (body: unknown) => response.end(JSON.stringify(body)),
      });
      void middleware(request, expressResponse, () =>
        response.setHeader('content-type', 'application/json').end('{"done":true}'),
      );
    });
    await new Promise<void>((resolve) => express.listen(0, '127.0.0.1', resolve));
    closing.push(
      () => nest.close(),
      () => fastify.close(),
      () => new Promise((resolve) => (express.closeAllConnections(), express.close(resolve))),
    );
    const addresses = [nest.getHttpServer().address(), fastify.server.address(), express.address()] as AddressInfo[];
    for (const { port } of addresses) {
      const name = await customer();
      const get = async (headers: Record<string, string>) => {
        const response = await fetch(`http://127.0.0.1:${port}/report`, { headers });
        return {
          status: response.status,
          retry: response.headers.get('retry-after'),
          body: (await response.json()) as { code?: string; decision?: object },
        };
      };
      expect(await get({ 'x-customer': name })).toMatchObject({ status: 200, body: { done: true } });
      expect(await get({ 'x-customer': name })).toMatchObject({
        status: 429,
        retry: expect.stringMatching(/^\d+$/),
        body: { code: 'limit_reached', decision: { used: 2, limit: 3 } },
      });
      expect(await get({})).toMatchObject({ status: 401 });
    }
  });
});
