import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { ADMIN, type ApiResponse, startService, TestClock, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, uniqueName } from '../support/fixtures.js';

export const START = '2027-03-10T09:00:00.000Z';
export const DAY_MS = 86_400_000;

/** A metered entitlement to `calls`, by default per calendar month and without overage. */
export const meteredCalls = (limit: number | null, terms: object = {}) => ({
  feature: 'calls',
  type: 'metered',
  limit,
  window: 'month',
  overage: 'deny',
  ...terms,
});

/** Requests to one service on a test clock, as an API key with all scopes unless another caller is named. */
class MeteringFixture {
  readonly clock = new TestClock();
  service!: TestApp & { database: TestDatabase };
  private apiKey!: string;
  private product!: string;
  private customer!: string;

  async start(): Promise<void> {
    this.clock.set(START);
    this.service = await startService({ clock: this.clock });
    this.apiKey = (await createApiKey(this.service)).key;
  }

  /**
   * Creates a product, a plan with these entitlements, and a customer, who is the subject of all later requests.
   * `aggregation` is of the feature; all else beside the type is a term.
   */
  readonly setUpCustomer = async (
    entitlements: { feature: string; type: string; aggregation?: string; [term: string]: unknown }[],
    otherFeatures: Record<string, string> = {},
  ): Promise<{ customer: string; product: string }> => {
    const [product, customer] = [uniqueName('p'), uniqueName('c')];
    Object.assign(this, { product, customer });
    const types = { ...Object.fromEntries(entitlements.map(({ feature, type }) => [feature, type])), ...otherFeatures };
    const aggregations = new Map(entitlements.map(({ feature, aggregation }) => [feature, aggregation]));
    const { status, body } = await this.post('/v1/catalog/apply', {
      product: { key: product, name: product },
      features: Object.entries(types).map(([key, type]) => ({
        key,
        name: key,
        type,
        aggregation: aggregations.get(key),
      })),
      plans: [
        {
          key: 'plan',
          name: 'Plan',
          prices: [{ interval: 'month', amount: 100, currency: 'USD' }],
          entitlements: entitlements.map(({ aggregation: _, ...terms }) => terms),
        },
      ],
      assignment: [{ plan: 'plan' }],
    });
    expect([status, body.errors]).toEqual([200, undefined]);
    expect((await this.call('PUT', `/v1/customers/${customer}`, { product })).status).toBe(201);
    return { customer, product };
  };

  readonly call = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiResponse> => this.service.call(method, path, { token: this.apiKey, body, headers });

  readonly post = (path: string, body: object, headers: Record<string, string> = {}) =>
    this.call('POST', path, body, headers);

  /** Calls as the admin, with a new session: the test clock moves past the end of earlier ones. */
  readonly admin = async (method: string, path: string, body?: object): Promise<ApiResponse> => {
    const login = await this.service.call('POST', '/v1/auth/login', { body: ADMIN });
    return this.service.call(method, path, { token: login.body.accessToken, body });
  };

  /** The body of a usage request of the customer, by default for `calls`. */
  readonly usageOf = (fields: object = {}) => ({
    customer: this.customer,
    product: this.product,
    feature: 'calls',
    ...fields,
  });

  readonly consume = (fields: object = {}, headers: Record<string, string> = {}) =>
    this.post('/v1/usage/consume', this.usageOf(fields), headers);

  readonly check = async (fields: object = {}) => (await this.post('/v1/check', this.usageOf(fields))).body;

  readonly reserve = (quantity: number, ttlSeconds = 60, feature = 'calls') =>
    this.post('/v1/usage/reservations', this.usageOf({ feature, quantity, ttlSeconds }));

  readonly grant = (fields: object) =>
    this.post(`/v1/customers/${this.customer}/grants`, { product: this.product, feature: 'calls', ...fields });

  readonly override = (feature: string, fields: object) =>
    this.call('PUT', `/v1/customers/${this.customer}/overrides/${feature}`, { product: this.product, ...fields });
}

/**
 * One service for a spec file. Registers its hooks: each test starts at START.
 * After each test every counter must equal the sum of its ledger.
 */
export function startMetering(): MeteringFixture {
  const metering = new MeteringFixture();
  beforeAll(() => metering.start());
  beforeEach(() => metering.clock.set(START));
  afterEach(async () => {
    const { body } = await metering.admin('POST', '/v1/usage/verify', { limit: 10_000 });
    expect(body.mismatches).toEqual([]);
  });
  afterAll(() => metering.service.stop());
  return metering;
}
