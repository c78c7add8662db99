import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CatalogReader, type Feature } from '@app/catalog';
import type { Customer } from '@app/customers';
import { Clock, DomainError, notFound } from '@app/kernel';
import { Batcher, CacheInvalidations, type Connection, STALENESS_MS } from '@app/platform';
import { dueAt, type Subscription } from '@app/subscriptions';
import type { Entitlement } from './domain/entitlement.js';
import type { EntitlementSnapshot } from './domain/entitlement-snapshot.js';
import { EntitlementSnapshotsRepository } from './entitlement-snapshots.repository.js';

/** A snapshot with its derived entitlements takes about 10 kB. */
const MAX_SNAPSHOTS = 20_000;
const LOADING = { maxBatch: 200, maxQueued: 10_000, concurrency: 2 };
/** More than the clocks of two instances differ: they all follow the database clock. Milliseconds. */
const CLOCK_TOLERANCE_MS = 5_000;

const INVALIDATED = Number.NEGATIVE_INFINITY;

/** A snapshot in this process's cache, with the entitlements derived from it. */
export interface CachedSnapshot extends EntitlementSnapshot {
  /** When the database last confirmed its version, on the process's monotonic clock in ms. */
  verifiedAt: number;
  /**
   * From here on a worker may have stored due transitions, which change rows without a new version. Unix milliseconds;
   * -Infinity for customers of test clocks.
   */
  nextDueAt: number;
  /** Grows with each stored transition of the subscriptions: of two reads of one version, the higher one is later. */
  storedAt: number;
  /** Keys of the features that the customer has, by product id; of the present until `nextDueAt`. */
  featureKeys: Map<string, string[]>;
  /** By the feature that they were derived from. */
  entitlements: Map<Feature, Entitlement>;
}

/**
 * In-process cache of entitlement snapshots, bounded in number. Commands verify the version of a snapshot under the
 * customer's lock, and exact reads compare it with the database. Other reads use a snapshot that was confirmed at most
 * two seconds ago.
 */
@Injectable()
export class EntitlementSnapshots {
  private readonly byKey = new LRUCache<string, CachedSnapshot>({ max: MAX_SNAPSHOTS });
  private readonly keys = new LRUCache<string, string>({ max: MAX_SNAPSHOTS });
  private readonly loader = new Batcher<string, CachedSnapshot | null>((keys) => this.load(keys), LOADING);

  private readonly comparer = new Batcher<CachedSnapshot, boolean>((known) => this.compare(known), LOADING);

  constructor(
    private readonly repository: EntitlementSnapshotsRepository,
    private readonly catalog: CatalogReader,
    private readonly clock: Clock,
    invalidations: CacheInvalidations,
  ) {
    invalidations.subscribe((customerId) => this.invalidate(customerId));
  }

  /**
   * A snapshot that was confirmed at most two seconds ago. Null when there is no such customer.
   * @example
   * const snapshot = await snapshots.getFresh('acme');
   */
  async getFresh(key: string): Promise<CachedSnapshot | null> {
    const known = this.byKey.get(key);
    return known && this.isFresh(known) ? known : this.getConfirmed(key);
  }

  /** True when the database has confirmed the snapshot at most two seconds ago. @example snapshots.isFresh(snapshot) */
  isFresh({ verifiedAt }: CachedSnapshot): boolean {
    return performance.now() - verifiedAt < STALENESS_MS;
  }

  /**
   * A snapshot of any age, for callers that verify its version. Null when there is no such customer.
   * @example
   * const snapshot = await snapshots.get('acme');
   */
  async get(key: string): Promise<CachedSnapshot | null> {
    return this.byKey.get(key) ?? this.loader.add(key);
  }

  /**
   * The snapshot as the database has it, with every change that was committed before this call. A cached snapshot costs
   * one comparison of its version, batched with those of other callers. Null when there is no such customer.
   * @example
   * const snapshot = await snapshots.getConfirmed('acme');
   */
  async getConfirmed(key: string): Promise<CachedSnapshot | null> {
    const known = this.byKey.get(key);
    return known && this.mayBeCurrent(known) && (await this.comparer.add(known)) ? known : this.loader.add(key);
  }

  /**
   * The cached snapshot, of any age, without the database. Null when it is not cached.
   * @example
   * const snapshot = snapshots.peek('acme');
   */
  peek(key: string): CachedSnapshot | null {
    return this.byKey.get(key) ?? null;
  }

  /**
   * As `peek`, by the customer's id.
   * @example
   * const snapshot = snapshots.peekById(scope.ownCustomerId);
   */
  peekById(id: string): CachedSnapshot | null {
    const key = this.keys.get(id);
    const snapshot = key === undefined ? null : this.peek(key);
    return snapshot?.customer.id === id ? snapshot : null;
  }

  /**
   * The snapshot of exactly this customer: of any age for callers that verify its version, at most two seconds old, or
   * as the database has it (`getConfirmed`).
   * @throws DomainError `customer_not_found`
   * @example
   * const snapshot = await snapshots.snapshotOf(customer, 'fresh');
   */
  async snapshotOf(
    { id, key }: Pick<Customer, 'id' | 'key'>,
    age: 'any age' | 'fresh' | 'confirmed',
  ): Promise<CachedSnapshot> {
    const snapshot = await (age === 'any age'
      ? this.get(key)
      : age === 'fresh'
        ? this.getFresh(key)
        : this.getConfirmed(key));
    if (snapshot?.customer.id === id) return snapshot;
    // The key belongs to another customer by now: the requested one is deleted.
    throw notFound('customer');
  }

  /**
   * The customer that has taken over a deleted customer's key, which this process has not noticed yet.
   * @throws the error, unless it is `customer_not_found` and there is such a customer
   * @example
   * const customer = await snapshots.successorOf(former, error);
   */
  async successorOf({ id, key }: Pick<Customer, 'id' | 'key'>, error: unknown): Promise<Customer> {
    if (!(error instanceof DomainError && error.code === 'customer_not_found')) throw error;
    const snapshot = await this.getFresh(key);
    if (!snapshot || snapshot.customer.id === id) throw error;
    return snapshot.customer;
  }

  /**
   * Reads snapshots from the database, on the given connection inside its transaction. Deleted customers are absent.
   * @returns the snapshots by customer id
   * @example
   * const snapshot = (await snapshots.refresh([customerId])).get(customerId);
   */
  async refresh(ids: string[], connection?: Connection): Promise<Map<string, CachedSnapshot>> {
    const snapshots = await this.repository.findByIds(ids, this.clock.now(), connection);
    return new Map(snapshots.map((snapshot) => [snapshot.customer.id, this.remember(snapshot)]));
  }

  /**
   * The snapshot of a customer as it was at an earlier instant. Never cached. Null when there is no such customer.
   * @throws DomainError `history_not_kept`
   * @example
   * const snapshot = await snapshots.findAt(customerId, new Date('2031-01-10'));
   */
  async findAt(customerId: string, at: Date): Promise<EntitlementSnapshot | null> {
    const snapshot = await this.repository.findAt(customerId, at);
    for (const subscription of [...(snapshot?.subscriptions.values() ?? [])].flat())
      subscription.planId = await this.catalog.planId(subscription.productId, subscription.planKey);
    return snapshot;
  }

  /** Drops the snapshot of a deleted customer: its key may belong to another customer by now. */
  evict({ customer }: CachedSnapshot): void {
    if (this.byKey.peek(customer.key)?.customer.id === customer.id) this.byKey.delete(customer.key);
  }

  /** Stores that the database has confirmed the snapshot's version. @param at when, by `performance.now()` */
  markFresh(snapshot: CachedSnapshot, at = performance.now()): void {
    snapshot.verifiedAt = at;
  }

  /** Makes the next fresh read of this snapshot query the database. */
  markStale(snapshot: CachedSnapshot): void {
    snapshot.verifiedAt = INVALIDATED;
  }

  private async load(keys: string[]): Promise<{ answer: CachedSnapshot | null }[]> {
    const snapshots = await this.repository.findByKeys([...new Set(keys)], this.clock.now());
    const byKey = new Map(snapshots.map((snapshot) => [snapshot.customer.key, this.remember(snapshot)]));
    return keys.map((key) => {
      const answer = byKey.get(key) ?? null;
      if (!answer) this.byKey.delete(key);
      return { answer };
    });
  }

  /** False where the database has, or may have, other rows than the snapshot: it is read without a comparison. */
  private mayBeCurrent({ verifiedAt, nextDueAt }: CachedSnapshot): boolean {
    return verifiedAt !== INVALIDATED && nextDueAt > this.clock.now().getTime() + CLOCK_TOLERANCE_MS;
  }

  private async compare(known: CachedSnapshot[]): Promise<{ answer: boolean }[]> {
    const requestedAt = performance.now();
    const versions = await this.repository.versionsOf([...new Set(known.map(({ customer }) => customer.id))]);
    return known.map((snapshot) => {
      const answer = versions.get(snapshot.customer.id) === snapshot.version;
      if (answer) this.markFresh(snapshot, requestedAt);
      else this.markStale(snapshot);
      return { answer };
    });
  }

  private remember(snapshot: EntitlementSnapshot): CachedSnapshot {
    const { id, key } = snapshot.customer;
    const known = this.byKey.peek(key);
    const subscriptions = [...snapshot.subscriptions.values()].flat();
    const storedAt = subscriptions.reduce((sum, { updatedAt }) => sum + updatedAt.getTime(), 0);
    // Two reads may overtake each other: the older one must not replace the newer one.
    if (known && known.customer.id === id && isAsNew(known, { version: snapshot.version, storedAt })) {
      if (known.version === snapshot.version) this.markFresh(known);
      return known;
    }
    const fresh: CachedSnapshot = {
      ...snapshot,
      verifiedAt: performance.now(),
      nextDueAt: nextDueOf(snapshot.customer, subscriptions),
      storedAt,
      featureKeys: new Map(),
      entitlements: new Map(),
    };
    this.byKey.set(key, fresh);
    this.keys.set(id, key);
    return fresh;
  }

  private invalidate(customerId: string | null): void {
    const suspected =
      customerId === null ? [...this.byKey.values()] : [this.byKey.peek(this.keys.peek(customerId) ?? '')];
    for (const snapshot of suspected) if (snapshot) this.markStale(snapshot);
  }
}

const isAsNew = (known: CachedSnapshot, read: Pick<CachedSnapshot, 'version' | 'storedAt'>): boolean =>
  known.version > read.version || (known.version === read.version && known.storedAt >= read.storedAt);

const nextDueOf = ({ testClockId }: Customer, subscriptions: Subscription[]): number =>
  testClockId !== null
    ? Number.NEGATIVE_INFINITY
    : Math.min(...subscriptions.map((subscription) => dueAt(subscription)?.getTime() ?? Infinity));
