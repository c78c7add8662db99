import { count, MAX_COUNT, type Meter } from './meter.js';
import type { CommandInput, DecisionContext, MeterRef, NewEntry, UsageCommand } from './usage-command.js';

/** Usage that has already happened, as its source reports it. */
export interface UsageEvent {
  /** The source's own id: reported twice, counted once. */
  id: string;
  feature: string;
  quantity: number;
  occurredAt?: Date;
  properties?: object;
}

/** The result of one usage event. */
export interface IngestResult {
  id: string;
  status: 'recorded' | 'duplicate' | 'rejected';
  /** Why it was rejected. */
  code?: string;
}

/** The internal code of an event that occurred before the present span of the subscription, if any then. */
export const UNCONFIRMED = 'unconfirmed';

/**
 * Counts usage events beyond any limit, each in the window of its time. A rejected one does not affect the others.
 * @param input `confirmed`: the customer was entitled when the events occurred
 */
export function ingestEvents(
  input: CommandInput & { events: UsageEvent[]; confirmed?: boolean },
): UsageCommand<IngestResult[]> {
  const { events, actor, confirmed = false, ...rest } = input;
  const { meterRefs, refOf } = meterRefsOf(events);
  return {
    ...rest,
    meterRefs,
    eventIds: events.map(({ id }) => id),
    decide: (context) => {
      const { now, states } = context;
      const meters = states.map(({ meter }) => meter);
      const meterIndexOf = firstIndexes(meters);
      const changed = new Set<number>();
      const entries: NewEntry[] = [];
      const seen = new Set(context.counted);
      const results = events.map((event, index): IngestResult => {
        const { id, quantity, occurredAt, properties } = event;
        const state = states[refOf[index]!]!;
        const meterIndex = meterIndexOf.get(state.meter)!;
        const meter = meters[meterIndex] ?? null;
        if (seen.has(id)) return { id, status: 'duplicate' };
        const code = rejection(event, state, meter, confirmed);
        if (code) return { id, status: 'rejected', code };
        seen.add(id);
        const counted = count(meter!, state.allowance!, quantity, now);
        meters[meterIndex] = counted.meter;
        changed.add(meterIndex);
        entries.push({
          meterIndex,
          quantity,
          kind: 'event',
          occurredAt: occurredAt ?? now,
          burns: counted.burns,
          actor,
          properties,
          reference: id,
        });
        return { id, status: 'recorded' };
      });
      return {
        answer: results,
        meters: meters.map((meter, meterIndex) => (changed.has(meterIndex) ? meter : null)),
        unguarded: true,
        entries,
      };
    },
  };
}

function rejection(
  { quantity, occurredAt }: UsageEvent,
  { entitlement, allowance }: DecisionContext['states'][number],
  meter: Meter | null,
  confirmed: boolean,
): string | null {
  if (entitlement.denied) return entitlement.denied;
  if (!allowance || !meter) return 'feature_not_metered';
  if (!confirmed && occurredAt && entitlement.allowedSince && occurredAt < entitlement.allowedSince) return UNCONFIRMED;
  return meter.used + meter.reserved + quantity > MAX_COUNT ? 'quantity_too_large' : null;
}

/** Several instants may be in one window: its meter is counted on at its first index alone. */
function firstIndexes(meters: (Meter | null)[]): Map<Meter | null, number> {
  const indexes = new Map<Meter | null, number>();
  meters.forEach((meter, index) => indexes.has(meter) || indexes.set(meter, index));
  return indexes;
}

/** One meter reference for each feature and instant, and the index of each event's reference. */
function meterRefsOf(events: UsageEvent[]): { meterRefs: MeterRef[]; refOf: number[] } {
  const meterRefs: MeterRef[] = [];
  const indexes = new Map<string, number>();
  const refOf = events.map(({ feature, occurredAt }) => {
    const name = `${feature} ${occurredAt?.getTime() ?? ''}`;
    const index = indexes.get(name) ?? meterRefs.push({ feature, at: occurredAt }) - 1;
    indexes.set(name, index);
    return index;
  });
  return { meterRefs, refOf };
}
