import { MAX_COUNT } from '@app/kernel';
import { changeOf, fits, ledgerValue } from './aggregation.js';
import type { Report } from './report.js';
import { changed as changedEntity, entityRefOf } from './entity-meter.js';
import { count } from './meter.js';
import type { CommandInput, DecisionContext, MeterRef, NewEntry, UsageCommand } from './usage-command.js';

/** Usage that has already happened, as its source reports it. */
export interface UsageEvent extends Report {
  /** The source's own id: reported twice, counted once. */
  id: string;
  feature: string;
  /** Units; without meaning beside a value. */
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
      const meters = new InPlace(states.map(({ meter }) => meter));
      const entities = new InPlace(states.map(({ entity }) => entity ?? null));
      const entries: NewEntry[] = [];
      const seen = new Set(context.counted);
      const results = events.map((event, index): IngestResult => {
        const { id, quantity, occurredAt, properties, value } = event;
        const ref = refOf[index]!;
        const at = occurredAt ?? now;
        const state = { ...states[ref]!, meter: meters.get(ref), entity: entities.get(ref) };
        if (seen.has(id)) return { id, status: 'duplicate' };
        const change = changeOf(state.entitlement.feature.aggregation, state.entity, { quantity, value, at });
        const code = rejection(event, state, { change, confirmed });
        if (code) return { id, status: 'rejected', code };
        seen.add(id);
        const counted = count(state.meter!, state.allowance!, change, now);
        meters.set(ref, counted.meter);
        if (state.entity) entities.set(ref, changedEntity(state.entity, change, value === undefined ? null : at));
        entries.push({
          meterIndex: ref,
          quantity: change,
          kind: 'event',
          occurredAt: at,
          burns: counted.burns,
          actor,
          properties,
          reference: id,
          value: ledgerValue(value),
        });
        return { id, status: 'recorded' };
      });
      return { answer: results, meters: meters.changed, entities: entities.changed, unguarded: true, entries };
    },
  };
}

function rejection(
  event: UsageEvent,
  { entitlement, allowance, meter }: DecisionContext['states'][number],
  { change, confirmed }: { change: number; confirmed: boolean },
): string | null {
  const { occurredAt } = event;
  if (entitlement.denied) return entitlement.denied;
  if (!allowance || !meter) return 'feature_not_metered';
  if (!fits(entitlement.feature, event)) return 'value_does_not_fit';
  if (!confirmed && occurredAt && entitlement.allowedSince && occurredAt < entitlement.allowedSince) return UNCONFIRMED;
  return meter.used + meter.reserved + change > MAX_COUNT ? 'quantity_too_large' : null;
}

/**
 * Items that change one after the other. Several references may have one item, because several instants may be in one
 * window: it is kept at its first index alone.
 */
class InPlace<Item extends object> {
  private readonly firstOf: number[];
  private readonly current: (Item | null)[];
  /** The items at their first indexes; null: unchanged. */
  readonly changed: (Item | null)[];

  constructor(items: (Item | null)[]) {
    const firsts = new Map<Item | null, number>();
    this.firstOf = items.map((item, index) => {
      const first = firsts.get(item);
      if (first === undefined) firsts.set(item, index);
      return first ?? index;
    });
    this.current = items;
    this.changed = items.map(() => null);
  }

  get(index: number): Item | null {
    return this.current[this.firstOf[index]!]!;
  }

  set(index: number, item: Item): void {
    const first = this.firstOf[index]!;
    this.current[first] = item;
    this.changed[first] = item;
  }
}

/** One meter reference for each feature, instant and entity, and the index of each event's reference. */
function meterRefsOf(events: UsageEvent[]): { meterRefs: MeterRef[]; refOf: number[] } {
  const meterRefs: MeterRef[] = [];
  const indexes = new Map<string, number>();
  const refOf = events.map((event) => {
    const { feature, occurredAt } = event;
    const entity = entityRefOf(event);
    // The key of a feature has no space: a name with one is of an instant or entity.
    const name = occurredAt || entity ? `${feature} ${occurredAt?.getTime() ?? ''} ${JSON.stringify(entity)}` : feature;
    const index = indexes.get(name) ?? meterRefs.push({ feature, at: occurredAt, entity }) - 1;
    indexes.set(name, index);
    return index;
  });
  return { meterRefs, refOf };
}
