import type { CachedSnapshot, Entitlement } from '@app/entitlements';
import type { CounterKey } from '../domain/ledger.js';
import type { MeterRef, UsageCommand } from '../domain/usage-command.js';
import { counterName, type MeterReading, type MeterRequest, windowStartOf } from './meter-reader.js';

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
 * The meters of one transaction. A plain reference finds its meter by the entitlement, without building the counter's
 * name again.
 */
export class TransactionMeters {
  private readonly byName = new Map<string, TransactionMeter>();
  private readonly byEntitlement = new Map<Entitlement, TransactionMeter>();

  add(readings: MeterReading[]): void {
    for (const reading of readings)
      this.byName.set(counterName(reading), { reading, unguarded: false, changed: false });
  }

  get(name: string): TransactionMeter | undefined {
    return this.byName.get(name);
  }

  find(meterRef: MeterRef, entitlement: Entitlement, customerId: string): TransactionMeter | undefined {
    const plain = isPlain(meterRef);
    const known = plain ? this.byEntitlement.get(entitlement) : undefined;
    if (known) return known;
    const request = requestOf(meterRef, entitlement, customerId);
    const meter = request ? this.byName.get(nameOf(request)) : undefined;
    if (plain && meter) this.byEntitlement.set(entitlement, meter);
    return meter;
  }

  changed(): TransactionMeter[] {
    return [...this.byName.values()].filter((meter) => meter.changed);
  }
}

/** One request for each counter that the commands read, by the counter's name. */
export function meterRequestsOf(commands: (PreparedCommand | null)[]): Map<string, MeterRequest> {
  const requests = new Map<string, MeterRequest>();
  const seen = new Set<Entitlement>();
  for (const prepared of commands) {
    if (!prepared) continue;
    const { command, entitlements, snapshot } = prepared;
    command.meterRefs.forEach((meterRef, index) => {
      const entitlement = entitlements[index]!;
      // Most commands read the same meter as the one before.
      if (isPlain(meterRef) && seen.has(entitlement)) return;
      const request = requestOf(meterRef, entitlement, snapshot.customer.id);
      if (!request) return;
      const name = nameOf(request);
      if (request.withBurns || requests.get(name)?.withBurns !== true) requests.set(name, request);
      if (isPlain(meterRef)) seen.add(entitlement);
    });
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
  const request = { customerId, entitlement, at, windowStart, withBurns };
  return windowStartOf(request)!.getTime() === current.getTime() ? { customerId, entitlement, withBurns } : request;
}

/** The counter of a reference. Null where nothing is counted. */
export function counterKeyOf(meterRef: MeterRef, entitlement: Entitlement, customerId: string): CounterKey | null {
  const request = requestOf(meterRef, entitlement, customerId);
  return request && keyOf(request);
}

const keyOf = (request: MeterRequest): CounterKey => ({
  customerId: request.customerId,
  featureId: request.entitlement.feature.id,
  windowStart: windowStartOf(request)!,
});

const nameOf = (request: MeterRequest): string => counterName(keyOf(request));
