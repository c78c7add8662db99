import { describe, expect, it } from '@jest/globals';
import { canonicalEmail, isEmail } from './user.js';

describe('a mail address', () => {
  it.each(['ann@example.com', 'ANN@EXAMPLE.COM', ' ann@example.com ', 'ａｎｎ@example.com', 'Ann@Example.com'])(
    '%j is one and the same',
    (email) => {
      expect(canonicalEmail(email)).toBe('ann@example.com');
    },
  );

  it('is the same composed and decomposed', () => {
    expect(canonicalEmail('jose\u0301@example.com')).toBe(canonicalEmail('jos\u00e9@example.com'));
  });

  it.each(['ann@example.com', 'admin@localhost', 'a@b'])('%s is one', (email) => expect(isEmail(email)).toBe(true));
  it.each(['', 'ann', 'ann@', '@example.com', 'a b@example.com', 'a\u0000@b', 'a@b@c', `${'x'.repeat(65)}@b`])(
    '%j is none',
    (email) => expect(isEmail(email)).toBe(false),
  );
});
