import { LRUCache } from 'lru-cache';
import type { Database } from '../database/database.js';

const MAX_ATTEMPTS = 3;

/** A read of one value, in a transaction or outside (null). */
interface Load<Value> {
  key: string;
  transaction: object | null;
  value: Promise<Value | undefined>;
  /** True after an invalidation of the value: it may be from before the change. */
  isOutdated: boolean;
}

/**
 * A cache that loads what it has not. Concurrent reads of a key share one load, but never across transactions: a load
 * runs on the connection of the transaction that started it.
 * @example
 * const products = new LoadingCache<Product>(database, { max: 1_000, ttl: 2_000 }, (key) => rows.findProduct(key));
 * const product = await products.load('api');
 */
export class LoadingCache<Value extends object | string> {
  private readonly values: LRUCache<string, Value>;
  private readonly loads = new Set<Load<Value>>();

  /** @param read the value of a key; null or undefined when there is none, which is not cached */
  constructor(
    private readonly database: Pick<Database, 'runningTransaction'>,
    limits: { max: number; ttl?: number },
    private readonly read: (key: string) => Promise<Value | null | undefined>,
  ) {
    this.values = new LRUCache(limits);
  }

  /** The cached value. */
  get(key: string): Value | undefined {
    return this.values.get(key);
  }

  set(key: string, value: Value): void {
    this.values.set(key, value);
  }

  /**
   * The cached value, or else the loaded one. A load that an invalidation outdates is repeated after its end: its
   * callers get the value from after the change. While changes keep coming, the value is returned without being cached.
   */
  async load(key: string): Promise<Value | undefined> {
    for (let attempt = 1; ; attempt++) {
      const cached = this.values.get(key);
      if (cached !== undefined) return cached;
      const load = this.runningLoad(key) ?? this.startLoad(key);
      const value = await load.value;
      if (!load.isOutdated || attempt === MAX_ATTEMPTS) return value;
    }
  }

  delete(key: string): void {
    this.values.delete(key);
    for (const load of this.loads) if (load.key === key) load.isOutdated = true;
  }

  clear(): void {
    this.values.clear();
    for (const load of this.loads) load.isOutdated = true;
  }

  private runningLoad(key: string): Load<Value> | undefined {
    if (this.loads.size === 0) return undefined;
    const transaction = this.database.runningTransaction;
    return [...this.loads].find((load) => load.key === key && load.transaction === transaction && !load.isOutdated);
  }

  private startLoad(key: string): Load<Value> {
    const load: Load<Value> = {
      key,
      transaction: this.database.runningTransaction,
      value: this.read(key).then((value) => value ?? undefined),
      isOutdated: false,
    };
    this.loads.add(load);
    const end = (value?: Value): void => {
      this.loads.delete(load);
      if (value !== undefined && !load.isOutdated) this.values.set(key, value);
    };
    void load.value.then(end, () => end());
    return load;
  }
}
