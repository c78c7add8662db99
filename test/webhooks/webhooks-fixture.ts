import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { startService, type Call, TestClock, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { deliverDueEvents } from '../support/deliveries.js';
import { applyLifecycleProduct, createApiKey, uniqueName } from '../support/fixtures.js';
import { Receiver } from '../support/receiver.js';

export const SCOPES = [
  'webhooks:write',
  'customers:write',
  'customers:read',
  'subscriptions:write',
  'subscriptions:read',
  'usage:write',
];

/** A service on a test clock, a receiver, and an API key on the current product. */
class WebhooksFixture {
  readonly clock = new TestClock();
  service!: TestApp & { database: TestDatabase };
  receiver!: Receiver;
  product!: string;
  private apiKeyCall!: Call;

  async start(): Promise<void> {
    this.receiver = await new Receiver().start();
    this.service = await startService({
      clock: this.clock,
      environment: { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1' },
    });
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await this.receiver.stop();
  }

  /** Creates a product and an API key on it; later calls use them. */
  readonly createProduct = async (): Promise<void> => {
    this.product = uniqueName('product');
    await applyLifecycleProduct(this.service, this.product);
    this.apiKeyCall = (await createApiKey(this.service, { scopes: SCOPES, product: this.product })).call;
  };

  /** Calls with the API key of the current product. */
  readonly call: Call = (method, path, options) => this.apiKeyCall(method, path, options);

  readonly createEndpoint = async (
    path: string,
    fields: object = {},
    caller: Call = this.call,
  ): Promise<{ id: string; secret: string }> => {
    const { status, body } = await caller('POST', '/v1/webhook-endpoints', {
      body: { url: this.receiver.url(path), ...fields },
    });
    expect([status, body]).toEqual([201, expect.objectContaining({ enabled: true })]);
    return body;
  };

  /** Creates a customer with a subscription. @returns the key of the customer and the id of the subscription */
  readonly createSubscription = async (): Promise<{ customer: string; id: string }> => {
    const customer = uniqueName('customer');
    const { status, body } = await this.call('PUT', `/v1/customers/${customer}`, { body: {} });
    expect(status).toBe(201);
    return { customer, id: body.subscription.id };
  };

  readonly listDeliveries = async (query: string): Promise<any[]> =>
    (await this.call('GET', `/v1/webhook-deliveries?${query}`)).body.data;

  readonly deliver = () => deliverDueEvents(this.service);
}

/** One service and one receiver for a spec file. After each test all endpoints and deliveries are deleted. */
export function startWebhooks(): WebhooksFixture {
  const webhooks = new WebhooksFixture();
  beforeAll(() => webhooks.start());
  afterAll(() => webhooks.stop());
  afterEach(async () => {
    await webhooks.service.database.query('delete from webhook_endpoints');
    await webhooks.service.database.query('delete from deliveries');
  });
  return webhooks;
}
