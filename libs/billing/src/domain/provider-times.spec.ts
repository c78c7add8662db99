import { describe, expect, it } from '@jest/globals';
import { ADAPTER_TIMEOUT_MS, CHECK_LEASE_MS, PROVIDER_TIMEOUT_MS } from './provider-times.js';

describe('the times of calls to payment providers', () => {
  it('let the adapter give up first, then the call, then the lease of the worker', () => {
    expect(PROVIDER_TIMEOUT_MS).toBeGreaterThan(ADAPTER_TIMEOUT_MS);
    expect(CHECK_LEASE_MS).toBeGreaterThan(3 * PROVIDER_TIMEOUT_MS);
  });
});
