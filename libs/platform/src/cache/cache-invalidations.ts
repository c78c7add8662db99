import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Config } from '../config/config.js';
import { Database } from '../database/database.js';

const CUSTOMERS = 'entitlements_changed';
const CATALOG = 'catalog_changed';
const RECONNECT_MS = 1_000;

/**
 * Cache-invalidation hints over LISTEN/NOTIFY, from this instance and others. Best effort: correctness rests on the 2 s
 * TTL and on the version check under the lock, never on delivery.
 */
@Injectable()
export class CacheInvalidations implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('CacheInvalidations');
  private readonly listeners: ((customerId: string | null) => void)[] = [];
  private readonly catalogListeners: (() => void)[] = [];
  private client: pg.Client | null = null;
  private stopping = false;

  constructor(
    private readonly config: Config,
    private readonly database: Database,
  ) {}

  /**
   * Adds a listener.
   * @param listener gets the id of a changed customer, or null when any customer may have changed
   * @example invalidations.subscribe((customerId) => this.cache.invalidate(customerId));
   */
  subscribe(listener: (customerId: string | null) => void): void {
    this.listeners.push(listener);
  }

  /**
   * Notifies the listeners of this instance. Other instances are notified by a trigger in the database.
   * @param customerId null when any customer may have changed
   * @example database.afterCommit(() => invalidations.publish(customer.id));
   */
  publish(customerId: string | null): void {
    this.listeners.forEach((listener) => listener(customerId));
  }

  /**
   * Adds a listener for changes of the catalogue on any instance.
   * @example invalidations.subscribeToCatalog(() => this.products.clear());
   */
  subscribeToCatalog(listener: () => void): void {
    this.catalogListeners.push(listener);
  }

  /**
   * Notifies the listeners of all instances that the catalogue has changed: inside a transaction at its commit. Never
   * fails.
   * @example await invalidations.publishCatalog();
   */
  async publishCatalog(): Promise<void> {
    try {
      await this.database.query('select pg_notify($1, $2)', [CATALOG, '']);
    } catch (error) {
      this.logger.debug(`NOTIFY failed; other instances see the change when their caches expire: ${String(error)}`);
    }
  }

  private notifyCatalog(): void {
    this.catalogListeners.forEach((listener) => listener());
  }

  async onApplicationBootstrap(): Promise<void> {
    const { listenUrl } = this.config;
    if (listenUrl) await this.connect(listenUrl);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.client?.end().catch(() => undefined);
  }

  private async connect(url: string): Promise<void> {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'tollgate changes',
      connectionTimeoutMillis: RECONNECT_MS,
      keepAlive: true,
    });
    this.client = client;
    client.on('error', () => undefined);
    client.on('notification', ({ channel, payload }) =>
      channel === CATALOG ? this.notifyCatalog() : this.publish(payload || null),
    );
    client.once('end', () => this.reconnect(url));
    try {
      await client.connect();
      await client.query(`listen ${CUSTOMERS}; listen ${CATALOG}`);
      // Notifications sent while this instance was not listening are lost.
      this.publish(null);
      this.notifyCatalog();
    } catch (error) {
      this.logger.debug(`LISTEN failed, reconnecting: ${String(error)}`);
      await client.end().catch(() => undefined);
    }
  }

  private reconnect(url: string): void {
    if (this.stopping) return;
    setTimeout(() => !this.stopping && void this.connect(url), RECONNECT_MS).unref();
  }
}
