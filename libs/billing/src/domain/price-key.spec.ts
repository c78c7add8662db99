import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { priceKey } from './price-key.js';

describe('the key of a price', () => {
  it('is the same for any order of its members, and differs for different prices', () => {
    const members = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,5}$/), fc.oneof(fc.integer(), fc.string())), {
      selector: ([name]) => name,
      maxLength: 6,
    });
    fc.assert(
      fc.property(members, (entries) => {
        const price = Object.fromEntries(entries);
        const reversed = Object.fromEntries([...entries].reverse());
        expect(priceKey({ tiers: [price] })).toBe(priceKey({ tiers: [reversed] }));
        expect(priceKey({ ...price, added: 1 })).not.toBe(priceKey(price));
      }),
    );
  });

  it('keeps the order of tiers', () => {
    expect(priceKey({ tiers: [1, 2] })).not.toBe(priceKey({ tiers: [2, 1] }));
    expect(priceKey(null)).toBe('null');
  });
});
