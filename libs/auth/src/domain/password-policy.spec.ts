import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type PasswordPolicy, weaknessOf } from './password-policy.js';

const COMMON = new Set(['password', 'qwertyuiop', 'iloveyou', 'trustno1', 'letmein']);
const policy: PasswordPolicy = { minLength: 15, maxLength: 128, isCommon: (text) => COMMON.has(text) };
const weakness = (password: string, email: string | null = 'marianne@example.com', minLength = 15) =>
  weaknessOf(password, email, { ...policy, minLength });

describe('password policy', () => {
  it.each([
    'correct horse battery',
    'x y z x y z q w e',
    'aB3$aB3$zz9!qq7',
    '🦊🐢🦉🐝🦔🐍🐙🦑🐚🦀🐡🐠🐟🐬🐳',
    '               leading',
    'пароль из многих слов',
    'k'.repeat(14) + 'ü and more',
    'password is what it holds',
  ])('accepts %j', (password) => expect(weakness(password)).toBeNull());

  it.each(['short', 'fourteen chars', '', 'x'.repeat(129)])('rejects %.20j: not 15 to 128 characters', (password) =>
    expect(weakness(password)).toMatch(/15 to 128/),
  );

  it('the length is counted in characters, not in UTF-16 units', () => {
    expect(weakness('🦊'.repeat(8), null)).toMatch(/15 to 128/);
    expect(weakness([...'abcdefghijklmnopqrstuvwxyz'].reverse().join('🦊'), null)).toBeNull();
  });

  it.each([
    'my tollgate passphrase',
    'xx marianne@example.com xx',
    'MARIANNE is my name',
    'ｍａｒｉａｎｎｅ writes wide',
  ])('rejects %j: contains the e-mail address or the name of the service', (password) =>
    expect(weakness(password)).toMatch(/e-mail/),
  );

  it.each([
    'password1234567',
    '1234567password',
    '!!!Password!!!!!',
    'passwordpassword',
    'aaaaaaaaaaaaaaaa',
    'abcabcabcabcabcabc',
    'abcdefghijklmnop',
    '1234567890123456',
    '9876543210987654',
    '---letmein---123',
  ])('rejects %j: easy to guess', (password) => expect(weakness(password, null)).toMatch(/easy to guess/));

  it('a shorter configured minimum still rejects common passwords', () => {
    expect(weakness('trustno1', null, 8)).toMatch(/easy to guess/);
    expect(weakness('hq7dk2mz', null, 8)).toBeNull();
  });

  it('a random password passes in any alphabet: no rule of composition', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('abcdefghijklmnopqrstuvwxyz', '0123456789', 'αβγδεζηθικλμν', ' !"#$%&/()=?'),
        fc.infiniteStream(fc.nat()),
        (alphabet, draws) => {
          const letters = [...alphabet];
          const password = Array.from({ length: 40 }, () => letters[draws.next().value! % letters.length]!).join('');
          fc.pre(new Set(password).size > 5 && !/^(.+?)\1+$/su.test(password));
          return weakness(password, null) === null;
        },
      ),
    );
  });
});
