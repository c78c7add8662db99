import { describe, expect, it } from '@jest/globals';
import { acceptedStep, base32, otpauthUri, stepAt, totpCode } from './totp.js';

const SECRET = Buffer.from('12345678901234567890');

describe('TOTP codes', () => {
  // RFC 6238, appendix B: the last six of eight digits.
  it.each([
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
    [20000000000, '353130'],
  ])('at %i s the code is %s', (seconds, code) => {
    expect(totpCode(SECRET, stepAt(new Date(seconds * 1_000)))).toBe(code);
  });

  const at = new Date('2026-11-30T12:00:00.000Z');
  const accepts = (code: string, lastStep = 0) => acceptedStep(code, { secret: SECRET, lastStep, at });

  it('codes of the present step and of its neighbours are accepted', () => {
    const now = stepAt(at);
    expect([-2, -1, 0, 1, 2].map((away) => accepts(totpCode(SECRET, now + away)))).toEqual([
      null,
      now - 1,
      now,
      now + 1,
      null,
    ]);
  });

  it('codes of the last accepted step and of earlier ones are refused', () => {
    const now = stepAt(at);
    expect(accepts(totpCode(SECRET, now), now)).toBeNull();
    expect(accepts(totpCode(SECRET, now - 1), now)).toBeNull();
    expect(accepts(totpCode(SECRET, now + 1), now)).toBe(now + 1);
  });

  it.each(['', '1', '12345', `${totpCode(SECRET, stepAt(at))}0`, '000000', '\u0661\u0662\u0663\u0664\u0665\u0666'])(
    'the code "%s" is refused',
    (code) => expect(accepts(code)).toBeNull(),
  );

  it('the URI has the secret in base32', () => {
    expect(base32(Buffer.from('foobar'))).toBe('MZXW6YTBOI');
    expect(otpauthUri(SECRET, 'ann+x@example.com')).toBe(
      'otpauth://totp/Tollgate:ann%2Bx%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Tollgate&algorithm=SHA1&digits=6&period=30',
    );
  });
});
