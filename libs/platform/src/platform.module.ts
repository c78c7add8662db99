import { CacheModule } from '@nestjs/cache-manager';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';
import { Clock } from '@app/kernel';
import { Changes } from './changes/changes.js';
import { DatabaseClock } from './clock/database-clock.js';
import { Config } from './config/config.js';
import { DatabaseModule } from './database/database.module.js';
import { Readiness } from './database/readiness.js';
import { AuditLog } from './events/audit-log.js';
import { Events } from './events/events.js';
import { EventFeed } from './events/feed.js';
import { EventPartitions } from './events/partitions.js';
import { EventPublisher } from './events/publisher.js';
import { Idempotency } from './idempotency/idempotency.js';
import { RateLimits } from './limits/rate-limits.js';
import { Mailer } from './mail/mailer.js';
import { Keyring } from './secrets/keyring.js';

/** How old a cached answer may be, in milliseconds: the promise; clearing it after a write is only a courtesy. */
export const STALENESS_MS = 2_000;

/** Answers kept in process: bounded, so that no caller can fill the memory with addresses of its own making. */
function boundedMemory(): Keyv {
  const kept = new LRUCache<string, string>({ max: 1_000 });
  // Keyv hands its own third argument to `set`, which means something else to an LRUCache: the store is told apart.
  return new Keyv({
    store: {
      get: (key: string) => kept.get(key),
      set: (key: string, value: string) => void kept.set(key, value),
      delete: (key: string) => kept.delete(key),
      clear: () => kept.clear(),
    },
  });
}

/** What touches the outside, once for the whole program. */
@Global()
@Module({})
export class PlatformModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: PlatformModule,
      imports: [ConfigModule.forRoot(config), DatabaseModule, CacheModule.registerAsync({ isGlobal: true, useFactory: () => ({ ttl: STALENESS_MS, stores: [boundedMemory()] }) })],
      providers: [{ provide: Clock, useClass: DatabaseClock }, AuditLog, Changes, Events, EventFeed, EventPartitions, EventPublisher, Idempotency, Keyring, Mailer, RateLimits, Readiness],
      exports: [AuditLog, Changes, Clock, Events, EventFeed, EventPartitions, EventPublisher, Idempotency, Keyring, Mailer, RateLimits, Readiness],
    };
  }
}

@Global()
@Module({})
class ConfigModule {
  static forRoot(config: Config): DynamicModule {
    return { module: ConfigModule, providers: [{ provide: Config, useValue: config }], exports: [Config] };
  }
}
