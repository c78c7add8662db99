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

describe('the filter of an endpoint', () => {
  it.each([
    ['admits every event without a filter', {}, true],
    ['admits a listed type', { types: ['subscription.renewed'] }, true],
    ['admits a listed prefix', { types: ['usage.*', 'subscription.*'] }, true],
    ['rejects another type', { types: ['subscription.expired', 'usage.*'] }, false],
    ['rejects a type with the same beginning', { types: ['subscription.renew'] }, false],
    ['admits its product', { productId: 'p' }, true],
    ['rejects another product', { productId: 'q' }, false],
    ['admits its customer', { customerId: 'c' }, true],
    ['rejects another customer', { customerId: 'd' }, false],
    ['rejects every event while disabled', { enabled: false }, false],
  ] as const)('%s', (_, over, expected) => {
    expect(wants(endpoint(over as Partial<WebhookEndpoint>), event)).toBe(expected);
  });

  it('rejects an event without a product when it has a product', () => {
    expect(wants(endpoint({ productId: 'p' }), { ...event, productIds: [] })).toBe(false);
    expect(wants(endpoint({}), { ...event, productIds: [] })).toBe(true);
  });
});
