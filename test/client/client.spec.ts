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
import type { TestDatabase } from '../support/database.js';
import { meteredProduct, serviceKey, unique } from '../support/fixtures.js';

@Controller()
class ReportsController {
  @Get('report')
  @RequireEntitlement('calls', { quantity: 2 })
  report(): { done: boolean } {
    return { done: true };
  }
}

describe('the client of other services', () => {
  let service: TestApp & { database: TestDatabase };
  let apiKey: string;
  let tollgate: Tollgate;
  const product = unique('client');
  const closing: (() => Promise<unknown>)[] = [];
  const customer = async (): Promise<string> => {
    const name = unique('buyer');
    await service.call('PUT', `/v1/customers/${name}`, { token: apiKey, body: { product } });
    return name;
  };
  /** A way to the service that does something else for the first answers. */
  const through = async (
    first: (request: http.IncomingMessage, response: http.ServerResponse) => boolean,
  ): Promise<string> => {
    const proxy = http.createServer((request, response) => {
      if (first(request, response)) return;
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
    await meteredProduct(service, product, 3);
    ({ key: apiKey } = await serviceKey(service));
    tollgate = new Tollgate({ baseUrl: service.url, apiKey, product, deadlineMs: 5_000 });
  });
  afterAll(async () => {
    await Promise.all(closing.map((close) => close()));
    await service.stop();
  });

  it('checks and counts, typed', async () => {
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

  it('tells refusals apart from outages', async () => {
    await expect(tollgate.consume({ customer: 'nobody', feature: 'calls' })).rejects.toMatchObject({
      status: 404,
      code: 'customer_not_found',
    });
    await expect(
      new Tollgate({ baseUrl: service.url, apiKey: 'tg_wrong' }).check({ customer: 'x', feature: 'calls' }),
    ).rejects.toBeInstanceOf(TollgateError);
  });

  it('sends again with the same key after a lost answer, and counts once', async () => {
    const name = await customer();
    const keys: string[] = [];
    const baseUrl = await through((request, response) => {
      if (request.url !== '/v1/usage/consume') return false;
      keys.push(String(request.headers['idempotency-key']));
      if (keys.length > 2) return false;
      // The request goes through, its answer does not come back.
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

  it('answers by its own policy when there is no answer in time', async () => {
    const baseUrl = await through(() => true);
    const asked = { customer: 'x', feature: 'calls' };
    const silent = (onUnavailable: 'deny' | 'allow' | 'throw') =>
      new Tollgate({ baseUrl, apiKey, product, deadlineMs: 150, onUnavailable });
    expect(await silent('allow').check(asked)).toMatchObject({ allowed: true, degraded: true });
    expect(await silent('deny').consume(asked)).toMatchObject({
      allowed: false,
      reason: 'unavailable',
      degraded: true,
    });
    await expect(silent('throw').check(asked)).rejects.toMatchObject({ status: 0, code: 'no_answer' });
  });

  it('takes a limit that lasts for no answer, and does not ask before it is over', async () => {
    let asked = 0;
    const baseUrl = await through((_, response) => {
      asked++;
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
    expect(asked).toBe(2);
  });

  it('guards a Nest route, a Fastify one and an Express one', async () => {
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
      const told = Object.assign(response, {
        status: (code: number) => Object.assign(told, { statusCode: code }),
        json: (body: unknown) => response.end(JSON.stringify(body)),
      });
      void middleware(request, told, () => response.setHeader('content-type', 'application/json').end('{"done":true}'));
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
      const ask = async (headers: Record<string, string>) => {
        const answer = await fetch(`http://127.0.0.1:${port}/report`, { headers });
        return {
          status: answer.status,
          retry: answer.headers.get('retry-after'),
          body: (await answer.json()) as { code?: string; decision?: object },
        };
      };
      expect(await ask({ 'x-customer': name })).toMatchObject({ status: 200, body: { done: true } });
      expect(await ask({ 'x-customer': name })).toMatchObject({
        status: 429,
        retry: expect.stringMatching(/^\d+$/),
        body: { code: 'limit_reached', decision: { used: 2, limit: 3 } },
      });
      expect(await ask({})).toMatchObject({ status: 401 });
    }
  });
});
