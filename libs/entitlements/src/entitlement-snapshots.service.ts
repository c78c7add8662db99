import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CatalogReader } from '@app/catalog';
import type { Customer } from '@app/customers';
import { Clock, DomainError } from '@app/kernel';
import { Batcher, CacheInvalidations, type Connection, STALENESS_MS } from '@app/platform';
import type { Entitlement } from './domain/entitlement.js';
import type { EntitlementSnapshot } from './domain/entitlement-snapshot.js';
import { EntitlementSnapshotsRepository } from './entitlement-snapshots.repository.js';

/** A holder takes some 10 kB with what is derived from it. */
const MAX_SNAPSHOTS = 20_000;
const LOADING = { maxBatch: 200, maxQueued: 10_000, concurrency: 2 };

/** A holder as this process knows it, with what was derived from it. */
export interface CachedSnapshot extends EntitlementSnapshot {
  /** When it was last known to be the newest, on the process's monotonic clock in milliseconds. */
  verifiedAt: number;
  /** By product and feature key. */
  entitlements: Map<string, Entitlement>;
  /** Of the catalogue that they were derived from. */
  catalogRevision: number;
}

/**
 * Holders, kept in process. Those who count ask the database, under its lock, whether a holder's version is still the newest;
 * those who only look get one that was the newest at most two seconds ago.
 */
@Injectable()
export class EntitlementSnapshots {
  private readonly byKey = new LRUCache<string, CachedSnapshot>({ max: MAX_SNAPSHOTS });
  private readonly keys = new LRUCache<string, string>({ max: MAX_SNAPSHOTS });
  private readonly loader = new Batcher<string, CachedSnapshot | null>((keys) => this.load(keys), LOADING);

  constructor(
    private readonly repository: EntitlementSnapshotsRepository,
    private readonly catalog: CatalogReader,
    private readonly clock: Clock,
    changes: CacheInvalidations,
  ) {
    changes.subscribe((customerId) => this.invalidate(customerId));
  }

  /** Known to be the newest within the last two seconds; null when there is no such customer. */
  async getFresh(key: string): Promise<CachedSnapshot | null> {
    const known = this.byKey.get(key);
    return known && performance.now() - known.verifiedAt < STALENESS_MS ? known : this.loader.add(key);
  }

  /** Of any age: for those who verify its version before they answer. */
  async get(key: string): Promise<CachedSnapshot | null> {
    return this.byKey.get(key) ?? this.loader.add(key);
  }

  /** What this process remembers, if anything: for when the database cannot be asked. */
  peek(key: string): CachedSnapshot | null {
    return this.byKey.get(key) ?? null;
  }

  /**
   * The snapshot of exactly this customer: of any age for callers that verify its version, or at most two seconds old.
   * @throws DomainError `customer_not_found`
   */
  async snapshotOf({ id, key }: Pick<Customer, 'id' | 'key'>, age: 'any age' | 'fresh'): Promise<CachedSnapshot> {
    const snapshot = age === 'fresh' ? await this.getFresh(key) : await this.get(key);
    if (snapshot?.customer.id === id) return snapshot;
    // The key belongs to another customer by now: the requested one is deleted.
    throw new DomainError('not_found', 'customer_not_found', 'There is no such customer.');
  }

  /**
   * The customer that has taken over a deleted customer's key, which this process has not noticed yet.
   * @throws the error, unless it is `customer_not_found` and there is such a customer
   */
  async successorOf({ id, key }: Pick<Customer, 'id' | 'key'>, error: unknown): Promise<Customer> {
    if (!(error instanceof DomainError && error.code === 'customer_not_found')) throw error;
    const snapshot = await this.getFresh(key);
    if (!snapshot || snapshot.customer.id === id) throw error;
    return snapshot.customer;
  }

  /** Reads holders afresh; those who are gone are left out. On the given connection it reads what that transaction sees. */
  async refresh(ids: string[], connection?: Connection): Promise<Map<string, CachedSnapshot>> {
    const holders = await this.repository.findByIds(ids, this.clock.now(), connection);
    return new Map(holders.map((holder) => [holder.customer.id, this.remember(holder)]));
  }

  /** A customer as it was at an earlier instant. Read each time. */
  async findAt(customerId: string, at: Date): Promise<EntitlementSnapshot | null> {
    const holder = await this.repository.findAt(customerId, at);
    for (const subscription of [...(holder?.subscriptions.values() ?? [])].flat())
      subscription.planId = await this.catalog.planId(subscription.productId, subscription.planKey);
    return holder;
  }

  /** Tells that the database has no such customer any more: whoever has its key now is looked for afresh. */
  evict({ customer }: CachedSnapshot): void {
    if (this.byKey.peek(customer.key)?.customer.id === customer.id) this.byKey.delete(customer.key);
  }

  /** Tells that the database has just confirmed a holder's version. */
  markFresh(holder: CachedSnapshot): void {
    holder.verifiedAt = performance.now();
  }

  /** Makes the next fresh read of this snapshot query the database. */
  markStale(snapshot: CachedSnapshot): void {
    snapshot.verifiedAt = Number.NEGATIVE_INFINITY;
  }

  private async load(keys: string[]): Promise<{ answer: CachedSnapshot | null }[]> {
    const holders = await this.repository.findByKeys([...new Set(keys)], this.clock.now());
    const found = new Map(holders.map((holder) => [holder.customer.key, this.remember(holder)]));
    return keys.map((key) => {
      const answer = found.get(key) ?? null;
      if (!answer) this.byKey.delete(key);
      return { answer };
    });
  }

  private remember(holder: EntitlementSnapshot): CachedSnapshot {
    const { id, key } = holder.customer;
    const known = this.byKey.peek(key);
    // Two readings may cross: the older one must not come back.
    if (known && known.customer.id === id && known.version >= holder.version) {
      if (known.version === holder.version) this.markFresh(known);
      return known;
    }
    const fresh: CachedSnapshot = {
      ...holder,
      verifiedAt: performance.now(),
      entitlements: new Map(),
      catalogRevision: 0,
    };
    this.byKey.set(key, fresh);
    this.keys.set(id, key);
    return fresh;
  }

  private invalidate(customerId: string | null): void {
    const suspects =
      customerId === null ? [...this.byKey.values()] : [this.byKey.peek(this.keys.peek(customerId) ?? '')];
    for (const snapshot of suspects) if (snapshot) this.markStale(snapshot);
  }
}
