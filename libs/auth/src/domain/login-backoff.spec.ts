import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ACCOUNT_BACKOFF,
  FAMILIAR_MS,
  type SourceTries,
  SOURCE_BACKOFF,
  type Tries,
  tryNow,
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
    const verdict = tryNow(own[source]!, account, new Date(at));
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

describe('guessing a password', () => {
  it('costs nothing ten times, then a second, two, four, up to a quarter of an hour', () => {
    expect([1, 9, 10, 11, 12, 19, 25, 10_000].map((failures) => waitMs(failures, SOURCE_BACKOFF))).toEqual([
      0, 0, 1_000, 2_000, 4_000, 512_000, 900_000, 900_000,
    ]);
  });

  it('waits the longer the more failed, and never longer than the longest', () => {
    fc.assert(
      fc.property(
        fc.nat(2_000),
        fc.constantFrom(SOURCE_BACKOFF, ACCOUNT_BACKOFF),
        (failures, backoff) =>
          waitMs(failures, backoff) <= waitMs(failures + 1, backoff) && waitMs(failures, backoff) <= backoff.longestMs,
      ),
    );
  });

  it('from one source is less than a hundred times in a day', () => {
    const day = storm(1, 150).filter(({ at }) => at < 86_400_000);
    expect(day.length).toBeGreaterThan(10);
    expect(day.length).toBeLessThan(116);
  });

  it('from a thousand sources at once is little more than a hundred times in a day', () => {
    const day = storm(1_000, 200).filter(({ at }) => at < 86_400_000);
    expect(day.length).toBeGreaterThanOrEqual(100);
    expect(day.length).toBeLessThan(140);
  });

  it('does not keep the owner out: a familiar source tries while all others wait', () => {
    let account: Tries = none();
    for (let index = 0; index < 120; index++)
      account = { ...account, failures: index, blockedUntil: new Date(START + 3_600_000) };
    const owner = { ...none(), familiarUntil: new Date(START + 1) };
    expect(tryNow(owner, account, new Date(START)).refusedUntil).toBeNull();
    expect(tryNow(none(), account, new Date(START)).refusedUntil).toEqual(new Date(START + 3_600_000));
    // A stranger's own waiting time is not the owner's.
    const stranger = { ...none(), failures: 15, blockedUntil: new Date(START + 32_000) };
    expect(tryNow(stranger, none(), new Date(START)).refusedUntil).toEqual(new Date(START + 32_000));
    expect(tryNow(none(), none(), new Date(START)).refusedUntil).toBeNull();
  });

  it('is forgotten after a day', () => {
    const guessed = { ...none(), failures: 30, blockedUntil: new Date(START + 900_000) };
    expect(tryNow(guessed, none(), new Date(START + 86_400_000)).source).toMatchObject({
      failures: 1,
      blockedUntil: null,
    });
  });
});
