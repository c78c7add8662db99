/** Failed logins since the last successful one, from one source or from all of them. */
export interface Tries {
  failures: number;
  blockedUntil: Date | null;
  updatedAt: Date;
}

/** Failed logins from one source. `familiarUntil`: until then the source counts as one that the owner uses. */
export interface SourceTries extends Tries {
  familiarUntil: Date | null;
}

interface Backoff {
  /** Number of attempts without a wait. */
  free: number;
  /** Longest wait for the next attempt, in ms. */
  longestMs: number;
}

/** Backoff of one source. */
export const SOURCE_BACKOFF: Backoff = { free: 10, longestMs: 15 * 60_000 };
/** Backoff of all unfamiliar sources together: the limit of NIST SP 800-63B-4, 3.2.2. */
export const ACCOUNT_BACKOFF: Backoff = { free: 100, longestMs: 60 * 60_000 };
const FIRST_WAIT_MS = 1_000;
/** Counters restart at zero after one day without an attempt; then their rows may be deleted. */
export const RETENTION_MS = 86_400_000;
/** For how long after a login its source is familiar: 90 days. */
export const FAMILIAR_MS = 90 * 86_400_000;

/** Wait after a number of failures, in ms: one second after the free attempts, then doubled by each failure. */
export function waitMs(failures: number, { free, longestMs }: Backoff): number {
  return failures < free ? 0 : Math.min(longestMs, FIRST_WAIT_MS * 2 ** Math.min(failures - free, 30));
}

/** Outcome of an attempt, and the counters after it. */
export interface Verdict {
  /** Earliest time of the next attempt; null: allowed now, and counted as a failure until the password proves right. */
  refusedUntil: Date | null;
  source: SourceTries;
  account: Tries;
}

/**
 * Counts an attempt before the password is checked, so that concurrent guesses are no cheaper than sequential ones.
 * Guesses slow down their own source. Unfamiliar sources share a limit only when very many of them guess. The owner's
 * familiar sources, and a password reset by mail, stay open.
 */
export function countAttempt(source: SourceTries, account: Tries, now: Date): Verdict {
  const [own, all] = [resetWhenOld(source, now), resetWhenOld(account, now)];
  const familiar = own.familiarUntil !== null && own.familiarUntil > now;
  const refusedUntil = latest(own.blockedUntil, familiar ? null : all.blockedUntil, now);
  if (refusedUntil) return { refusedUntil, source, account };
  return {
    refusedUntil: null,
    source: increment(own, SOURCE_BACKOFF, now),
    account: familiar ? all : increment(all, ACCOUNT_BACKOFF, now),
  };
}

function resetWhenOld<T extends Tries>(tries: T, now: Date): T {
  return now.getTime() - tries.updatedAt.getTime() < RETENTION_MS
    ? tries
    : { ...tries, failures: 0, blockedUntil: null };
}

function increment<T extends Tries>(tries: T, backoff: Backoff, now: Date): T {
  const failures = tries.failures + 1;
  const wait = waitMs(failures, backoff);
  return { ...tries, failures, blockedUntil: wait > 0 ? new Date(now.getTime() + wait) : null, updatedAt: now };
}

function latest(a: Date | null, b: Date | null, now: Date): Date | null {
  const ahead = [a, b].filter((one): one is Date => one !== null && one > now);
  return ahead.length > 0 ? new Date(Math.max(...ahead.map(Number))) : null;
}
