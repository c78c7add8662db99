import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { assertDocumented, documentedFetch, type ReceivedAnswer, validateReceived } from '../support/contract.js';

const CLOCK = {
  id: '019a8f3e-5c1d-7b42-9e06-3f7a2d8c4b15',
  now: '2027-01-31T00:00:00.000Z',
  createdAt: '2027-01-31T00:00:00.000Z',
};
const JSON_TYPE = 'application/json; charset=utf-8';
const received = (body: unknown, rest: Partial<ReceivedAnswer> = {}): ReceivedAnswer => ({
  method: 'GET',
  at: `/v1/test-clocks/${CLOCK.id}`,
  status: 200,
  contentType: JSON_TYPE,
  body: body === null ? '' : JSON.stringify(body),
  ...rest,
});

describe('the validation of answers against the OpenAPI document', () => {
  it.each<[string, ReceivedAnswer]>([
    ['a documented answer', received(CLOCK)],
    ['a sparse answer to ?fields=', received({ id: CLOCK.id }, { at: `/v1/test-clocks/${CLOCK.id}?fields=id` })],
    [
      'an answer without a body',
      received(null, { method: 'DELETE', at: '/v1/products/x', status: 204, contentType: null }),
    ],
    ['a page outside of the document', received({}, { at: '/dev/mail', contentType: 'text/html' })],
  ])('accepts %s', (_, answer) => {
    expect(() => assertDocumented(answer)).not.toThrow();
  });

  it.each<[string, string, ReceivedAnswer]>([
    ['a status', 'does not have this status', received(CLOCK, { status: 206 })],
    ['a content type', 'does not have this content type', received(CLOCK, { contentType: 'text/plain' })],
    ['a body', 'has a body', received(null, { contentType: null })],
    ['a field', '"additionalProperty":"owner"', received({ ...CLOCK, owner: 'x' })],
    ['the type of a field', '/now must match format', received({ ...CLOCK, now: 'tomorrow' })],
    ['a missing field', '"missingProperty":"now"', received({ id: CLOCK.id, createdAt: CLOCK.createdAt })],
    [
      'a field in a sparse answer',
      '"owner"',
      received({ owner: 'x' }, { at: `/v1/test-clocks/${CLOCK.id}?fields=owner` }),
    ],
    [
      'a member of a problem',
      '"missingProperty"',
      received({ status: 404 }, { status: 404, contentType: 'application/problem+json' }),
    ],
    ['a route', 'has no such path and method', received({}, { at: '/v1/unknown' })],
  ])('refuses %s that the document does not have', (_, why, answer) => {
    expect(() => assertDocumented(answer)).toThrow(why);
  });

  it('refuses an answer that was received by fetch when the test ends', async () => {
    const server = http.createServer((_, response) => {
      response.setHeader('content-type', 'application/json').end('{"status":"fine"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect((await documentedFetch(`http://127.0.0.1:${port}/health/live`)).status).toBe(200);
    await new Promise((resolve) => server.close(resolve));
    expect(validateReceived).toThrow('GET /health/live answered 200 application/json: /status');
    expect(validateReceived).not.toThrow();
  });
});
