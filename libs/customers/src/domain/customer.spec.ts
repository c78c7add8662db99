import { describe, expect, it } from '@jest/globals';
import { changedFields, checkCustomerKey, checkProfile } from './customer.js';

describe('a customer', () => {
  it.each(['acme', 'a', '42', 'Ünï-cödé 7', 'mail@example.com', 'x'.repeat(128), '日本'])('may be called %s', (key) => {
    expect(() => checkCustomerKey(key)).not.toThrow();
  });

  it.each(['', ' ', ' a', 'a ', 'x'.repeat(129), 'a\u0000b', 'a\nb', '\u202eabc', '\ud800', 'me'])(
    'may not be called %j',
    (key) => {
      expect(() => checkCustomerKey(key)).toThrow('Some fields are not valid.');
    },
  );

  it('lives in a time zone and pays in a currency that exist', () => {
    expect(() => checkProfile({ timezone: 'Europe/Berlin', currency: 'JPY' })).not.toThrow();
    expect(() => checkProfile({ timezone: 'Europe/Atlantis' })).toThrow();
    expect(() => checkProfile({ currency: 'XXQ' })).toThrow();
  });

  it('changes only in the fields that were given and differ', () => {
    const stored = { name: 'Acme', region: 'US', timezone: 'UTC' };
    expect(changedFields(stored, { name: 'Acme', region: 'AM', email: undefined })).toEqual({ region: 'AM' });
    expect(changedFields(stored, { name: null })).toEqual({ name: null });
  });
});
