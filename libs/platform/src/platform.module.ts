import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { SystemClock } from './clock/system-clock.js';
import { Config } from './config/config.js';
import { DatabaseModule } from './database/database.module.js';
import { Readiness } from './database/readiness.js';
import { Events } from './events/events.js';
import { Idempotency } from './idempotency/idempotency.js';
import { Keyring } from './secrets/keyring.js';

/** What touches the outside, once for the whole program. */
@Global()
@Module({})
export class PlatformModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: PlatformModule,
      imports: [ConfigModule.forRoot(config), DatabaseModule],
      providers: [{ provide: Clock, useClass: SystemClock }, Events, Idempotency, Keyring, Readiness],
      exports: [Clock, Events, Idempotency, Keyring, Readiness],
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
