import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

/** Objects that events name by their keys. */
export type KeyedNoun = 'customer' | 'product';

/** Returns keys by id; an id without a row is left out. */
export type KeyLookup = (ids: string[]) => Promise<ReadonlyMap<string, string>>;

const MAX_CACHED = 10_000;

/**
 * Keys of customers and products by their ids. An event stores both keys, so that no reader of events needs a table of a
 * lib above this one; those libs register the lookups. Keys never change, also not by deletion: entries have no TTL.
 */
@Injectable()
export class EventKeys {
  private readonly lookups = new Map<KeyedNoun, KeyLookup>();
  private readonly cache = new LRUCache<string, string>({ max: MAX_CACHED });

  /**
   * Sets the lookup of a noun. The lib that owns its table calls it once, at start.
   * @example keys.register('customer', (ids) => this.customers.keysOf(ids));
   */
  register(noun: KeyedNoun, lookup: KeyLookup): void {
    this.lookups.set(noun, lookup);
  }

  /**
   * Completes the keys of events: a given key stays, a missing one is looked up, in the running transaction if there is one.
   * @returns the events in their order, with null where there is no id, or no row has it
   */
  async complete<Event extends WithIds>(events: readonly Event[]): Promise<(Event & WithKeys)[]> {
    await this.load(
      'customer',
      events.map(({ customerId, customerKey }) => missing(customerId, customerKey)),
    );
    await this.load(
      'product',
      events.map(({ productId, productKey }) => missing(productId, productKey)),
    );
    return events.map((event) => ({
      ...event,
      customerKey: event.customerKey ?? this.cached(event.customerId),
      productKey: event.productKey ?? this.cached(event.productId),
    }));
  }

  private async load(noun: KeyedNoun, ids: (string | null)[]): Promise<void> {
    const unknown = [...new Set(ids)].filter((id): id is string => id !== null && !this.cache.has(id));
    if (unknown.length === 0) return;
    const lookup = this.lookups.get(noun);
    if (!lookup) throw new Error(`No lib has registered the lookup of ${noun} keys.`);
    for (const [id, key] of await lookup(unknown)) this.cache.set(id, key);
  }

  private cached(id: string | null | undefined): string | null {
    return id ? (this.cache.get(id) ?? null) : null;
  }
}

interface WithIds {
  customerId?: string | null;
  customerKey?: string | null;
  productId: string | null;
  productKey?: string | null;
}

interface WithKeys {
  customerKey: string | null;
  productKey: string | null;
}

const missing = (id: string | null | undefined, key: string | null | undefined): string | null =>
  id && !key ? id : null;
