import type { Subscription, TimelineEntry } from './customer-reads';

export type Status = Subscription['status'];

/** A span of time in one status, in shares of the whole line from 0 to 1. */
export interface Segment {
  status: Status;
  from: number;
  to: number;
}

/** The line from the start of a subscription to the end of its current period. */
export interface Line {
  start: number;
  end: number;
  /** Share of the line that has passed. */
  now: number;
  segments: Segment[];
  marks: { id: string; at: number }[];
}

/** Entries that only announce a later event. */
const ANNOUNCEMENTS = ['subscription.trial_ending', 'subscription.renewal_upcoming', 'subscription.expiry_upcoming'];

const statusAfter = ({ after }: TimelineEntry): Status | undefined => after?.status as Status | undefined;

/** @param entries oldest first */
export function lineOf(entries: TimelineEntry[], subscription: Subscription, now: number): Line {
  const start = new Date(entries[0]?.at ?? subscription.startedAt).getTime();
  const planned = subscription.endedAt ?? subscription.currentPeriodEnd;
  const end = Math.max(planned ? new Date(planned).getTime() : now, start + 1);
  const share = (at: number): number => Math.min(Math.max((at - start) / (end - start), 0), 1);
  const segments: Segment[] = [];
  for (const entry of entries) {
    const status = statusAfter(entry);
    const from = share(new Date(entry.at).getTime());
    const last = segments.at(-1);
    if (!status || status === last?.status) continue;
    if (last) last.to = from;
    segments.push({ status, from, to: share(now) });
  }
  const marks = entries
    .filter(({ type }) => !ANNOUNCEMENTS.includes(type))
    .map(({ id, at }) => ({ id, at: share(new Date(at).getTime()) }));
  return { start, end, now: share(now), segments, marks };
}

export interface Change {
  field: keyof typeof SHOWN;
  before: string | null;
  after: string | null;
}

type Show = (value: unknown) => string | null;
const plain: Show = (value) =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
const plan: Show = (value) => {
  const { name, version } = (value ?? {}) as { name?: string; version?: number };
  return name ? `${name} v${version}` : null;
};

/** Fields of an entry that people read, and how they are shown; instants stay as they are. */
const SHOWN = {
  plan,
  quantity: plain,
  status: plain,
  trialEnd: plain,
  currentPeriodEnd: plain,
  endsAt: plain,
  autoRenew: plain,
} satisfies Record<string, Show>;

/** Change that an entry records. */
export function changesOf({ before, after }: TimelineEntry): Change[] {
  return (Object.keys(SHOWN) as Change['field'][])
    .map((field) => ({ field, before: SHOWN[field](before?.[field]), after: SHOWN[field](after?.[field]) }))
    .filter((change) => change.before !== change.after && (before ? change.field in before : true));
}
