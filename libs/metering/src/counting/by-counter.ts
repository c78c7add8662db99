import type { CounterKey } from '../domain/ledger.js';
import { counterName } from './meter-reading.js';

/** The number of counters of one customer from which a search by name is faster. */
const MANY = 16;

/**
 * Items by counter. Most customers have few counters in one transaction: a search through them costs less than the
 * name of a counter as the key of a map.
 */
export class ByCounter<Item> {
  private readonly byCustomer = new Map<string, { key: CounterKey; item: Item }[]>();
  /** All items of customers with many counters. */
  private readonly byName = new Map<string, Item>();

  get(key: CounterKey): Item | undefined {
    const counters = this.byCustomer.get(key.customerId);
    if (!counters) return undefined;
    if (counters.length >= MANY) return this.byName.get(counterName(key));
    const start = key.windowStart.getTime();
    for (const { key: other, item } of counters)
      if (other.featureId === key.featureId && other.windowStart.getTime() === start) return item;
    return undefined;
  }

  /** Adds the item of a counter that has none. */
  add(key: CounterKey, item: Item): void {
    const counters = this.byCustomer.get(key.customerId) ?? [];
    if (counters.push({ key, item }) === 1) this.byCustomer.set(key.customerId, counters);
    if (counters.length === MANY) for (const known of counters) this.byName.set(counterName(known.key), known.item);
    else if (counters.length > MANY) this.byName.set(counterName(key), item);
  }
}
