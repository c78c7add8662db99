import type { SecurityCount, SecurityEvent } from './security-event.js';

const MINUTE_MS = 60_000;
/** Rows of one type that one process adds per minute. All further events of the minute are counted in one more row. */
export const MAX_ROWS_PER_MINUTE = 100;
/** Rows that wait while the database does not answer. Further ones are dropped. */
export const MAX_WAITING = 5_000;
/** Subject of the row that counts what exceeds `MAX_ROWS_PER_MINUTE`. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Security events that are not stored yet, counted per minute by type, actor, address, subject, reason and details.
 * Bounded, so that a storm of failed logins fills neither the memory nor the disk.
 */
export class SecurityCounts {
  private minute = Number.NEGATIVE_INFINITY;
  /** Buckets of the current minute by type, stored ones included. */
  private readonly ofMinute = new Map<string, Set<string>>();
  private waiting = new Map<string, SecurityCount>();

  /** Counts an event. @param id of the row, if the event is the first one of its row */
  add(event: SecurityEvent, id: string, now: Date): void {
    const minute = Math.floor(now.getTime() / MINUTE_MS);
    if (minute !== this.minute) {
      this.minute = minute;
      this.ofMinute.clear();
    }
    const bucket = bucketOf(event, minute);
    if (this.hasRoom(event.type, bucket)) this.merge({ event, id, bucket, count: 1, at: now, lastAt: now });
    else {
      const rest = restOf(event);
      this.merge({ event: rest, id, bucket: bucketOf(rest, minute), count: 1, at: now, lastAt: now });
    }
  }

  /** Removes and returns the waiting rows. */
  take(): SecurityCount[] {
    const taken = [...this.waiting.values()];
    this.waiting = new Map();
    return taken;
  }

  /** Puts rows back that could not be stored. */
  putBack(counts: readonly SecurityCount[]): void {
    for (const count of counts) this.merge(count);
  }

  private hasRoom(type: string, bucket: string): boolean {
    const buckets = this.ofMinute.get(type) ?? new Set();
    if (buckets.has(bucket)) return true;
    if (buckets.size >= MAX_ROWS_PER_MINUTE) return false;
    this.ofMinute.set(type, buckets.add(bucket));
    return true;
  }

  private merge(added: SecurityCount): void {
    const known = this.waiting.get(added.bucket);
    if (!known && this.waiting.size >= MAX_WAITING) return;
    const [first, last] = !known || added.at < known.at ? [added, known] : [known, added];
    this.waiting.set(added.bucket, {
      ...first,
      count: first.count + (last?.count ?? 0),
      lastAt: last && last.lastAt > first.lastAt ? last.lastAt : first.lastAt,
    });
  }
}

function bucketOf({ type, subject, actor, reason, details }: SecurityEvent, minute: number): string {
  const facts = [actor.kind, actor.id, actor.origin?.address, subject.type, subject.id, reason];
  return JSON.stringify([minute, type, ...facts, ...Object.entries(details ?? {}).flat()]);
}

const restOf = ({ type, subject }: SecurityEvent): SecurityEvent => ({
  type,
  subject: { type: subject.type, id: NO_ID },
  actor: { kind: 'anonymous', id: null },
  reason: 'too_many_to_list',
});
