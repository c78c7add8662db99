const MIN_DELAY_MS = 30_000;
const MAX_DELAY_MS = 3_600_000;
/** Hosted pages are open for a day; after this a setup is given up. Hours. */
export const SETUP_HOURS = 25;
const HOUR_MS = 3_600_000;

/** When a worker checks a setup next: the older it is, the later. Null: it is given up. In real time. */
export function nextSetupCheckAt({ createdAt }: { createdAt: Date }, now: Date): Date | null {
  const age = now.getTime() - createdAt.getTime();
  if (age >= SETUP_HOURS * HOUR_MS) return null;
  return new Date(now.getTime() + Math.min(Math.max(age / 2, MIN_DELAY_MS), MAX_DELAY_MS));
}
