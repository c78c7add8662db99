import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

/** Objects that events name by their keys. */
export type KeyedNoun = 'customer' | 'product';

/** Returns keys by id; an id without a row is left out. */
export type KeyLookup = (ids: string[]) => Promise<ReadonlyMap<string, string>>;

const MAX_CACHED = 10_000;

/**
 * Cache of the keys of customers and products, by id. An event stores both keys, so that reading events needs no table
 * of a lib above; the libs above register the lookups. Keys never change, even by deletion, so entries have no TTL.
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
   * Completes the keys of events: given keys stay, missing ones are looked up, inside the running transaction if any.
   * @returns the events in their order; a key is null where there is no id, or no row with this id
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
    return events.map((event) => {
      const customerKey = event.customerKey ?? this.cached(event.customerId);
      const productKey = event.productKey ?? this.cached(event.productId);
      const isComplete = event.customerKey === customerKey && event.productKey === productKey;
      return isComplete ? (event as Event & WithKeys) : { ...event, customerKey, productKey };
    });
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
