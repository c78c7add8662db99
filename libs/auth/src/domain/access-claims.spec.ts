import { describe, expect, it } from '@jest/globals';
import { isCompact, isTimely } from './access-claims.js';

const NOW = 1_800_000_000;
const timely = (claims: object) => isTimely({ iat: NOW - 10, exp: NOW + 590, ...claims }, new Date(NOW * 1_000));

describe('access token times', () => {
  it.each([{}, { iat: NOW, exp: NOW + 600 }, { exp: NOW + 1 }, { iat: NOW + 60, exp: NOW + 660 }, { nbf: NOW + 60 }])(
    'accepts %j',
    (claims) => expect(timely(claims)).toBe(true),
  );

  it.each([
    { exp: NOW },
    { exp: NOW - 61 },
    { exp: undefined },
    { exp: String(NOW + 500) },
    { exp: Infinity },
    { exp: -1 },
    { exp: NOW + 0.5 },
    { exp: null },
    { exp: NOW + 591 },
    { iat: undefined },
    { iat: NOW + 61, exp: NOW + 600 },
    { iat: 'x' },
    { nbf: NOW + 61 },
    { nbf: 'soon' },
    { nbf: Number.NaN },
  ])('rejects %j', (claims) => expect(timely(claims)).toBe(false));
});

describe('compact token', () => {
  it('only the canonical base64url spelling is accepted', () => {
    const token = ['{"alg":"x"}', '{}', 'signature!'].map((part) => Buffer.from(part).toString('base64url')).join('.');
    expect(isCompact(token)).toBe(true);
    for (const other of [
      `${token}=`,
      `${token}.`,
      `${token}.x`,
      token.replace('.', '..'),
      token.split('.').slice(0, 2).join('.'),
      `${token.slice(0, -1)}${token.at(-1) === 'Q' ? 'R' : 'Q'}x`,
      token.replace('.', ' .'),
    ]) {
      expect([other, isCompact(other)]).toEqual([other, false]);
    }
  });
});
