import { expect } from '@jest/globals';
import type { World } from './world.js';

const SQL_WORDS = /select|insert|from users|relation|column|typeorm|pg_|at .*\.ts/i;

/** Row counts of the tables that a request could write. */
async function countRows({ database }: World): Promise<string> {
  const names = [
    'customers',
    'subscriptions',
    'usage_ledger',
    'plans',
    'plan_versions',
    'features',
    'products',
    'users',
    'api_keys',
    'grants',
    'idempotency_keys',
  ];
  const [counts] = await database.query(
    `select ${names.map((name) => `(select count(*) from ${name}) as ${name}`).join(', ')}`,
  );
  return JSON.stringify(counts);
}

interface Attempt {
  method?: string;
  path: string;
  /** A string is sent unchanged, any other value as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  /** @default 400, 404 and 422 */
  statuses?: number[];
}

/** Sends each request with an API key and expects a problem response without SQL, and no written row. */
export async function expectRejected(world: World, attempts: Attempt[]): Promise<void> {
  const before = await countRows(world);
  for (const { method = 'POST', path, body, headers, statuses = [400, 404, 422] } of attempts) {
    const response = await world.apiKey.call(method, path, { body, headers });
    const request = `${method} ${path.slice(0, 80)} ${(typeof body === 'string' ? body : JSON.stringify(body ?? null)).slice(0, 80)}`;
    expect([request, response.status, statuses.includes(response.status)]).toEqual([request, response.status, true]);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect([request, SQL_WORDS.exec(String(response.body.detail))]).toEqual([request, null]);
  }
  expect(await countRows(world)).toBe(before);
}
