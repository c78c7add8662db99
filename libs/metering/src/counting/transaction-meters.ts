import type { CachedSnapshot, Entitlement } from '@app/entitlements';
import type { CounterKey } from '../domain/ledger.js';
import type { MeterRef, UsageCommand } from '../domain/usage-command.js';
import { ByCounter } from './by-counter.js';
import { type MeterReading, type MeterRequest, windowStartOf } from './meter-reading.js';

/** A command with the entitlements that this process derived for its customer. */
export interface PreparedCommand<Answer = unknown> {
  command: UsageCommand<Answer>;
  snapshot: CachedSnapshot;
  /** One for each of the command's `meterRefs`. */
  entitlements: Entitlement[];
}

/** One meter as the commands of a transaction have left it so far. */
export interface TransactionMeter {
  reading: MeterReading;
  /** True when a command has changed it without a limit. */
  unguarded: boolean;
  changed: boolean;
}

/**
 * The meters of one transaction. A plain reference finds its meter by the entitlement, without the key of the counter.
 */
export class TransactionMeters {
  private readonly meters: TransactionMeter[] = [];
  private readonly byCounter = new ByCounter<TransactionMeter>();
  private readonly byEntitlement = new Map<Entitlement, TransactionMeter>();

  /** Takes up readings, in place of former ones of the same counters. */
  add(readings: MeterReading[]): void {
    for (const reading of readings) {
      const known = this.byCounter.get(reading);
      if (known) {
        known.reading = reading;
        continue;
      }
      const meter = { reading, unguarded: false, changed: false };
      this.meters.push(meter);
      this.byCounter.add(reading, meter);
    }
  }

  get(key: CounterKey): TransactionMeter | undefined {
    return this.byCounter.get(key);
  }

  find(meterRef: MeterRef, entitlement: Entitlement, customerId: string): TransactionMeter | undefined {
    const plain = isPlain(meterRef);
    const known = plain ? this.byEntitlement.get(entitlement) : undefined;
    if (known) return known;
    const key = counterKeyOf(meterRef, entitlement, customerId);
    const meter = key ? this.byCounter.get(key) : undefined;
    if (plain && meter) this.byEntitlement.set(entitlement, meter);
    return meter;
  }

  changed(): TransactionMeter[] {
    return this.meters.filter((meter) => meter.changed);
  }
}

/** One request for each counter that the commands read. */
export function meterRequestsOf(commands: (PreparedCommand | null)[]): MeterRequest[] {
  const requests: MeterRequest[] = [];
  const positions = new ByCounter<number>();
  const seen = new Set<Entitlement>();
  for (const prepared of commands) {
    if (!prepared) continue;
    const { command, entitlements, snapshot } = prepared;
    for (let index = 0; index < entitlements.length; index++) {
      const meterRef = command.meterRefs[index]!;
      const entitlement = entitlements[index]!;
      // Most commands read the same meter as the one before.
      const plain = isPlain(meterRef);
      if (plain && seen.has(entitlement)) continue;
      const request = requestOf(meterRef, entitlement, snapshot.customer.id);
      if (!request) continue;
      if (plain) seen.add(entitlement);
      const key = keyOf(request);
      const position = positions.get(key);
      if (position === undefined) positions.add(key, requests.push(request) - 1);
      else if (request.withBurns || requests[position]!.withBurns !== true) requests[position] = request;
    }
  }
  return requests;
}

const isPlain = ({ at, windowStart, withBurns }: MeterRef): boolean =>
  at === undefined && windowStart === undefined && withBurns !== true;

/** A named window that is the current one is read as the current one. Null where nothing is counted. */
function requestOf(
  { at, windowStart, withBurns }: MeterRef,
  entitlement: Entitlement,
  customerId: string,
): MeterRequest | null {
  const current = windowStartOf({ customerId, entitlement });
  if (current === null) return null;
  if (at === undefined && windowStart === undefined) return { customerId, entitlement, withBurns };
  const request = { customerId, entitlement, at, windowStart, withBurns };
  return windowStartOf(request)!.getTime() === current.getTime() ? { customerId, entitlement, withBurns } : request;
}

/** The counter of a reference. Null where nothing is counted. */
export function counterKeyOf(meterRef: MeterRef, entitlement: Entitlement, customerId: string): CounterKey | null {
  const request = requestOf(meterRef, entitlement, customerId);
  return request && keyOf(request);
}

/** The counter of a request. */
export const keyOf = (request: MeterRequest): CounterKey => ({
  customerId: request.customerId,
  featureId: request.entitlement.feature.id,
  windowStart: windowStartOf(request)!,
});
