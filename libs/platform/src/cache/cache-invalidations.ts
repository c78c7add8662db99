import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Config } from '../config/config.js';

const CHANNEL = 'entitlements_changed';
const RECONNECT_MS = 1_000;

/**
 * Cache-invalidation hints over LISTEN/NOTIFY, from this instance and others. Best effort: correctness rests on the 2 s
 * TTL and on the version check under the lock, never on delivery.
 */
@Injectable()
export class CacheInvalidations implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('CacheInvalidations');
  private readonly listeners: ((customerId: string | null) => void)[] = [];
  private client: pg.Client | null = null;
  private stopping = false;

  constructor(private readonly config: Config) {}

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
    client.on('notification', ({ payload }) => this.publish(payload || null));
    client.once('end', () => this.reconnect(url));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      // Notifications sent while this instance was not listening are lost.
      this.publish(null);
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
