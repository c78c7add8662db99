/** How often a password was guessed in vain since it was last known, from one source or from all of them. */
export interface Tries {
  failures: number;
  blockedUntil: Date | null;
  updatedAt: Date;
}

/** Tries from one source; `familiarUntil`: so long it counts as one that the owner uses. */
export interface SourceTries extends Tries {
  familiarUntil: Date | null;
}

interface Backoff {
  /** So many tries cost nothing. */
  free: number;
  /** The longest that the next one waits, in milliseconds. */
  longestMs: number;
}

/** From one source. */
export const SOURCE_BACKOFF: Backoff = { free: 10, longestMs: 15 * 60_000 };
/** From all unfamiliar sources together: the ceiling of NIST SP 800-63B-4, 3.2.2. */
export const ACCOUNT_BACKOFF: Backoff = { free: 100, longestMs: 60 * 60_000 };
const FIRST_WAIT_MS = 1_000;
/** After a day without a try all are forgotten. */
export const FORGOTTEN_AFTER_MS = 86_400_000;
/** So long after a login its source is familiar. */
export const FAMILIAR_MS = 90 * 86_400_000;

/** How long the try after so many failures waits, in milliseconds: a second after the free ones, then twice as long each time. */
export function waitMs(failures: number, { free, longestMs }: Backoff): number {
  return failures < free ? 0 : Math.min(longestMs, FIRST_WAIT_MS * 2 ** Math.min(failures - free, 30));
}

/** What becomes of a try. */
export interface Verdict {
  /** When it may be tried again; null: it may be tried now, and counts as a failure until it turns out to be none. */
  refusedUntil: Date | null;
  source: SourceTries;
  account: Tries;
}

/**
 * Counts a try before the password is looked at, so that simultaneous guesses are no cheaper than guesses one after the other.
 * Whoever guesses slows down their own source. Only when very many sources guess do unfamiliar ones wait for each other: the owner's own
 * sources, and a new password by mail, stay open.
 */
export function tryNow(source: SourceTries, account: Tries, now: Date): Verdict {
  const [own, all] = [fresh(source, now), fresh(account, now)];
  const familiar = own.familiarUntil !== null && own.familiarUntil > now;
  const refusedUntil = latest(own.blockedUntil, familiar ? null : all.blockedUntil, now);
  if (refusedUntil) return { refusedUntil, source, account };
  return {
    refusedUntil: null,
    source: counted(own, SOURCE_BACKOFF, now),
    account: familiar ? all : counted(all, ACCOUNT_BACKOFF, now),
  };
}

function fresh<T extends Tries>(tries: T, now: Date): T {
  return now.getTime() - tries.updatedAt.getTime() < FORGOTTEN_AFTER_MS
    ? tries
    : { ...tries, failures: 0, blockedUntil: null };
}

function counted<T extends Tries>(tries: T, backoff: Backoff, now: Date): T {
  const failures = tries.failures + 1;
  const wait = waitMs(failures, backoff);
  return { ...tries, failures, blockedUntil: wait > 0 ? new Date(now.getTime() + wait) : null, updatedAt: now };
}

function latest(a: Date | null, b: Date | null, now: Date): Date | null {
  const ahead = [a, b].filter((one): one is Date => one !== null && one > now);
  return ahead.length > 0 ? new Date(Math.max(...ahead.map(Number))) : null;
}
