import { describe, expect, it } from '@jest/globals';
import { canonicalEmail, isEmail } from './user.js';

describe('mail address', () => {
  it.each(['ann@example.com', 'ANN@EXAMPLE.COM', ' ann@example.com ', 'ａｎｎ@example.com', 'Ann@Example.com'])(
    '%j has the canonical spelling ann@example.com',
    (email) => {
      expect(canonicalEmail(email)).toBe('ann@example.com');
    },
  );

  it('composed and decomposed characters have one canonical spelling', () => {
    expect(canonicalEmail('jose\u0301@example.com')).toBe(canonicalEmail('jos\u00e9@example.com'));
  });

  it.each(['ann@example.com', 'admin@localhost', 'a@b'])('%s is an address', (email) =>
    expect(isEmail(email)).toBe(true),
  );
  it.each(['', 'ann', 'ann@', '@example.com', 'a b@example.com', 'a\u0000@b', 'a@b@c', `${'x'.repeat(65)}@b`])(
    '%j is not an address',
    (email) => expect(isEmail(email)).toBe(false),
  );
});
