import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Config } from '../config/config.js';

const CHANNEL = 'entitlements_changed';
const RECONNECT_MS = 1_000;

/**
 * Tells which customers have changed, here and on other instances, so that caches may look again sooner than they must.
 * Only a hint: what is told may come late or never, and nothing relies on it.
 */
@Injectable()
export class CacheInvalidations implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Changes');
  private readonly listeners: ((customerId: string | null) => void)[] = [];
  private client: pg.Client | null = null;
  private stopping = false;

  constructor(private readonly config: Config) {}

  /** @param listener gets the id of a customer, or null when any may have changed */
  subscribe(listener: (customerId: string | null) => void): void {
    this.listeners.push(listener);
  }

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
      // What was told while nobody listened is lost.
      this.publish(null);
    } catch (error) {
      this.logger.debug(`Not listening for changes: ${String(error)}`);
      await client.end().catch(() => undefined);
    }
  }

  private reconnect(url: string): void {
    if (this.stopping) return;
    setTimeout(() => !this.stopping && void this.connect(url), RECONNECT_MS).unref();
  }
}
