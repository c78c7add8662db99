import { describe, expect, it } from '@jest/globals';
import { changedFields, checkCustomerKey, checkProfile } from './customer.js';

describe('customer fields', () => {
  it.each(['acme', 'a', '42', 'Ünï-cödé 7', 'mail@example.com', 'x'.repeat(128), '日本', '...', '.a', 'a.', '. .'])(
    'the key %s is valid',
    (key) => {
      expect(() => checkCustomerKey(key)).not.toThrow();
    },
  );

  it.each(['', ' ', ' a', 'a ', 'x'.repeat(129), 'a\u0000b', 'a\nb', '\u202eabc', '\ud800', 'me', '.', '..'])(
    'the key %j is invalid',
    (key) => {
      expect(() => checkCustomerKey(key)).toThrow('Some fields are not valid.');
    },
  );

  it('a profile accepts only existing time zones and currencies', () => {
    expect(() => checkProfile({ timezone: 'Europe/Berlin', currency: 'JPY' })).not.toThrow();
    expect(() => checkProfile({ timezone: 'Europe/Atlantis' })).toThrow();
    expect(() => checkProfile({ currency: 'XXQ' })).toThrow();
  });

  it('changedFields returns only the given fields that differ', () => {
    const stored = { name: 'Acme', region: 'US', timezone: 'UTC' };
    expect(changedFields(stored, { name: 'Acme', region: 'AM', email: undefined })).toEqual({ region: 'AM' });
    expect(changedFields(stored, { name: null })).toEqual({ name: null });
  });
});
