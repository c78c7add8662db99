import { describe, expect, it } from '@jest/globals';
import type { Config } from '@app/platform';
import { Passwords } from './passwords.js';

const passwords = new Passwords({ passwordMinLength: 15, signIn: { passwordLogin: true } } as Config);
const PASSWORD = 'a long enough password';

describe('password hashing', () => {
  it('hashing does not block the event loop', async () => {
    let rounds = 0;
    let done = false;
    const hashing = Promise.all(Array.from({ length: 6 }, () => passwords.hash(PASSWORD))).finally(() => (done = true));
    while (!done) {
      rounds++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await hashing;
    expect(rounds).toBeGreaterThan(50);
  });

  it('a hash is salted argon2id with the parameters of OWASP, of the NFKC form', async () => {
    const [a, b] = [await passwords.hash(PASSWORD), await passwords.hash(PASSWORD)];
    expect(a).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(a).not.toBe(b);
    expect(await passwords.verify(a, PASSWORD)).toBe(true);
    expect(await passwords.verify(a, `${PASSWORD} `)).toBe(false);
    expect(
      await passwords.verify(await passwords.hash('gr\u00fc\u00dfe aus der ferne'), 'gru\u0308\u00dfe aus der ferne'),
    ).toBe(true);
  });

  it('no password matches an unknown account', async () => {
    expect(await passwords.verify(null, PASSWORD)).toBe(false);
    expect(await passwords.verify(null, `\u0000${'x'.repeat(256)}`)).toBe(false);
  });

  it('a weak password and a full queue are rejected before hashing', async () => {
    await expect(passwords.hashNew('short', null)).rejects.toMatchObject({ code: 'invalid_fields' });
    await expect(passwords.hashNew('x'.repeat(1_000_000), null, 'newPassword')).rejects.toMatchObject({
      details: { errors: [{ field: 'newPassword' }] },
    });
    const outcomes = await Promise.allSettled(Array.from({ length: 130 }, () => passwords.hash(PASSWORD)));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(30);
    for (const { reason } of refused)
      expect(reason).toMatchObject({ kind: 'unavailable', code: 'overloaded', details: { retryAfterSeconds: 1 } });
  }, 60_000);
});
