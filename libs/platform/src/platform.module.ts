import { CacheModule } from '@nestjs/cache-manager';
import { type DynamicModule, Global, Logger, Module, type OnModuleInit, type Type } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { PageStore, STALENESS_MS } from './cache/page-store.js';
import { CacheInvalidations } from './cache/cache-invalidations.js';
import { DatabaseClock } from './clock/database-clock.js';
import { Config, misspeltText } from './config/config.js';
import { DatabaseModule } from './database/database.module.js';
import { Readiness } from './database/readiness.js';
import { Idempotency } from './idempotency/idempotency.js';
import { JobProblems } from './jobs/job-problems.repository.js';
import { RateLimits } from './limits/rate-limits.js';
import { Mailer } from './mail/mailer.js';
import { Metrics } from './metrics/metrics.js';
import { QueryWatch } from './observation/query-watch.js';
import { SharedRedis } from './redis/shared-redis.js';
import { Keyring } from './secrets/keyring.js';

/** Infrastructure, once per process: clock, database, cache, mail, idempotency, limits, secrets. */
@Global()
@Module({})
export class PlatformModule {
  /** @param clock the source of time; default: the clock of the database */
  static forRoot(config: Config, clock: Type<Clock> = DatabaseClock): DynamicModule {
    return {
      module: PlatformModule,
      imports: [
        FoundationModule.forRoot(config),
        DatabaseModule,
        CacheModule.registerAsync({
          isGlobal: true,
          inject: [PageStore],
          useFactory: (pages: PageStore) => ({ ttl: STALENESS_MS, stores: [pages.asKeyv()] }),
        }),
      ],
      providers: [
        { provide: Clock, useClass: clock },
        CacheInvalidations,
        Idempotency,
        Keyring,
        Mailer,
        RateLimits,
        JobProblems,
        Readiness,
      ],
      exports: [CacheInvalidations, Clock, Idempotency, JobProblems, Keyring, Mailer, RateLimits, Readiness],
    };
  }
}

/** Providers that the others need: configuration, metrics, query watch, Redis. */
@Global()
@Module({})
class FoundationModule implements OnModuleInit {
  constructor(private readonly config: Config) {}

  static forRoot(config: Config): DynamicModule {
    return {
      module: FoundationModule,
      providers: [{ provide: Config, useValue: config }, Metrics, PageStore, QueryWatch, SharedRedis],
      exports: [Config, Metrics, PageStore, QueryWatch, SharedRedis],
    };
  }

  onModuleInit(): void {
    for (const variable of this.config.misspelt) new Logger('Config').warn(misspeltText(variable));
  }
}
