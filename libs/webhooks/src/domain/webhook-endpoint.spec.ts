import { describe, expect, it } from '@jest/globals';
import { wants, type WebhookEndpoint } from './webhook-endpoint.js';

const endpoint = (over: Partial<WebhookEndpoint>): WebhookEndpoint => ({
  id: 'e',
  productId: null,
  customerId: null,
  ownerUserId: null,
  ofProfile: false,
  url: 'https://example.com',
  description: null,
  types: [],
  enabled: true,
  disabledReason: null,
  disabledAt: null,
  createdAt: new Date(0),
  updatedAt: new Date(0),
  ...over,
});
const event = { type: 'subscription.renewed' as const, customerId: 'c', productIds: ['p'] };

describe('what an endpoint is told', () => {
  it.each([
    ['everything, when it names nothing', {}, true],
    ['a type that it names', { types: ['subscription.renewed'] }, true],
    ['a kind that it names', { types: ['usage.*', 'subscription.*'] }, true],
    ['no other type', { types: ['subscription.expired', 'usage.*'] }, false],
    ['no type that only begins alike', { types: ['subscription.renew'] }, false],
    ['its product', { productId: 'p' }, true],
    ['no other product', { productId: 'q' }, false],
    ['its customer', { customerId: 'c' }, true],
    ['no other customer', { customerId: 'd' }, false],
    ['nothing while it is disabled', { enabled: false }, false],
  ] as const)('%s', (_, over, expected) => {
    expect(wants(endpoint(over as Partial<WebhookEndpoint>), event)).toBe(expected);
  });

  it('nothing of no product, when it has one', () => {
    expect(wants(endpoint({ productId: 'p' }), { ...event, productIds: [] })).toBe(false);
    expect(wants(endpoint({}), { ...event, productIds: [] })).toBe(true);
  });
});
