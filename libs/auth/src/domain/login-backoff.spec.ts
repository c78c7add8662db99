import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ACCOUNT_BACKOFF,
  FAMILIAR_MS,
  type SourceTries,
  SOURCE_BACKOFF,
  type Tries,
  countAttempt,
  waitMs,
} from './login-backoff.js';

const START = Date.UTC(2026, 10, 21);
const none = (): SourceTries => ({ failures: 0, blockedUntil: null, familiarUntil: null, updatedAt: new Date(START) });

/** Guesses from these sources, each as early as it may. @returns when each guess was let through, and from where */
function storm(sources: number, guesses: number, familiar: number[] = []): { at: number; source: number }[] {
  const own = Array.from({ length: sources }, (_, index) => ({
    ...none(),
    familiarUntil: familiar.includes(index) ? new Date(START + FAMILIAR_MS) : null,
  }));
  let account: Tries = none();
  const next = own.map(() => START);
  const passed: { at: number; source: number }[] = [];
  while (passed.length < guesses) {
    const source = next.indexOf(Math.min(...next));
    const at = next[source]!;
    const verdict = countAttempt(own[source]!, account, new Date(at));
    if (verdict.refusedUntil) {
      next[source] = verdict.refusedUntil.getTime();
      continue;
    }
    own[source] = verdict.source;
    account = verdict.account;
    next[source] = at + 10;
    passed.push({ at: at - START, source });
  }
  return passed;
}

describe('login backoff', () => {
  it('ten free attempts are followed by waits of 1, 2, 4 s and so on, up to 15 minutes', () => {
    expect([1, 9, 10, 11, 12, 19, 25, 10_000].map((failures) => waitMs(failures, SOURCE_BACKOFF))).toEqual([
      0, 0, 1_000, 2_000, 4_000, 512_000, 900_000, 900_000,
    ]);
  });

  it('the wait grows with the failures and never exceeds the maximum', () => {
    fc.assert(
      fc.property(
        fc.nat(2_000),
        fc.constantFrom(SOURCE_BACKOFF, ACCOUNT_BACKOFF),
        (failures, backoff) =>
          waitMs(failures, backoff) <= waitMs(failures + 1, backoff) && waitMs(failures, backoff) <= backoff.longestMs,
      ),
    );
  });

  it('one source gets fewer than 116 guesses in a day', () => {
    const day = storm(1, 150).filter(({ at }) => at < 86_400_000);
    expect(day.length).toBeGreaterThan(10);
    expect(day.length).toBeLessThan(116);
  });

  it('a thousand concurrent sources get 100 to 140 guesses in a day together', () => {
    const day = storm(1_000, 200).filter(({ at }) => at < 86_400_000);
    expect(day.length).toBeGreaterThanOrEqual(100);
    expect(day.length).toBeLessThan(140);
  });

  it('a familiar source may log in while all unfamiliar sources wait', () => {
    let account: Tries = none();
    for (let index = 0; index < 120; index++)
      account = { ...account, failures: index, blockedUntil: new Date(START + 3_600_000) };
    const owner = { ...none(), familiarUntil: new Date(START + 1) };
    expect(countAttempt(owner, account, new Date(START)).refusedUntil).toBeNull();
    expect(countAttempt(none(), account, new Date(START)).refusedUntil).toEqual(new Date(START + 3_600_000));
    // The wait of an unfamiliar source does not apply to other sources.
    const stranger = { ...none(), failures: 15, blockedUntil: new Date(START + 32_000) };
    expect(countAttempt(stranger, none(), new Date(START)).refusedUntil).toEqual(new Date(START + 32_000));
    expect(countAttempt(none(), none(), new Date(START)).refusedUntil).toBeNull();
  });

  it('failures older than a day do not count', () => {
    const guessed = { ...none(), failures: 30, blockedUntil: new Date(START + 900_000) };
    expect(countAttempt(guessed, none(), new Date(START + 86_400_000)).source).toMatchObject({
      failures: 1,
      blockedUntil: null,
    });
  });
});
