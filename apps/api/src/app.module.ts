import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { ThrottlerModule } from '@nestjs/throttler';
import { AccountsModule } from '@app/accounts';
import { AuthModule } from '@app/auth';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EntitlementsModule } from '@app/entitlements';
import { EventsModule } from '@app/events';
import { type Config, PlatformModule, RATE_WINDOW_MS, RateLimits } from '@app/platform';
import { SubscriptionsModule } from '@app/subscriptions';
import { ApiKeyRoutesModule } from './api-keys/api-key-routes.module.js';
import { AuditRoutesModule } from './audit/audit-routes.module.js';
import { AuthRoutesModule } from './auth/auth-routes.module.js';
import { CatalogRoutesModule } from './catalog/catalog-routes.module.js';
import { CustomerRoutesModule } from './customers/customer-routes.module.js';
import { EntitlementRoutesModule } from './entitlements/entitlement-routes.module.js';
import { DevMailModule } from './dev-mail/dev-mail.module.js';
import { EventRoutesModule } from './events/event-routes.module.js';
import { AddOnsModule } from './add-ons/add-ons.module.js';
import { FeaturesModule } from './features/features.module.js';
import { BootstrapData } from './bootstrap-data.js';
import { HealthModule } from './health/health.module.js';
import { HttpModule } from './http/http.module.js';
import { AccessGuard } from './http/access/access.guard.js';
import { JwtStrategy } from './http/access/jwt.strategy.js';
import { OwnerGuard } from './http/access/owner.guard.js';
import { InputPipe } from './http/input/input.pipe.js';
import { ProblemFilter } from './http/problems/problem.filter.js';
import { LimitsStorage } from './http/throttling/limits-storage.js';
import { ThrottlingGuard } from './http/throttling/throttling.guard.js';
import { GrantRoutesModule } from './grants/grant-routes.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { NotificationRoutesModule } from './notifications/notification-routes.module.js';
import { OverrideRoutesModule } from './overrides/override-routes.module.js';
import { PlansModule } from './plans/plans.module.js';
import { ProductsModule } from './products/products.module.js';
import { ReservationRoutesModule } from './reservations/reservation-routes.module.js';
import { StatsRoutesModule } from './stats/stats-routes.module.js';
import { SubscriptionRoutesModule } from './subscriptions/subscription-routes.module.js';
import { TestClockRoutesModule } from './test-clocks/test-clock-routes.module.js';
import { UsageRoutesModule } from './usage/usage-routes.module.js';
import { UserRoutesModule } from './users/user-routes.module.js';
import { WebhookRoutesModule } from './webhooks/webhook-routes.module.js';

const ROUTES = [
  HealthModule,
  MetricsModule,
  AuthRoutesModule,
  UserRoutesModule,
  ApiKeyRoutesModule,
  ProductsModule,
  AddOnsModule,
  FeaturesModule,
  PlansModule,
  CatalogRoutesModule,
  CustomerRoutesModule,
  SubscriptionRoutesModule,
  EntitlementRoutesModule,
  UsageRoutesModule,
  ReservationRoutesModule,
  GrantRoutesModule,
  OverrideRoutesModule,
  TestClockRoutesModule,
  WebhookRoutesModule,
  NotificationRoutesModule,
  EventRoutesModule,
  AuditRoutesModule,
  StatsRoutesModule,
];

/** Global filter, guards and pipe, in order. Interceptors are added per route: a global one costs every request. */
const EDGE = [
  { provide: APP_FILTER, useClass: ProblemFilter },
  { provide: APP_GUARD, useClass: AccessGuard },
  { provide: APP_GUARD, useClass: ThrottlingGuard },
  { provide: APP_GUARD, useClass: OwnerGuard },
  { provide: APP_PIPE, useClass: InputPipe },
];

@Module({})
export class AppModule {
  /** The API on one configuration; `extra` is what else runs in the same process. */
  static forRoot(config: Config, extra: NonNullable<ModuleMetadata['imports']> = []): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot(config),
        EventsModule,
        PassportModule,
        ThrottlerModule.forRootAsync({
          inject: [RateLimits],
          useFactory: (limits: RateLimits) => ({
            throttlers: [{ name: 'default', ttl: RATE_WINDOW_MS, limit: config.rateLimitPerMinute }],
            setHeaders: false,
            storage: new LimitsStorage(limits),
          }),
        }),
        HttpModule,
        AccountsModule,
        AuthModule,
        CatalogModule,
        CustomersModule,
        SubscriptionsModule,
        EntitlementsModule,
        ...ROUTES,
        ...(config.production || config.smtpUrl ? [] : [DevMailModule]),
        ...extra,
      ],
      providers: [...EDGE, JwtStrategy, BootstrapData],
    };
  }
}
