import { type DynamicModule, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { ThrottlerModule } from '@nestjs/throttler';
import { AccountsModule } from '@app/accounts';
import { AuthModule } from '@app/auth';
import { BillingModule } from '@app/billing';
import { CatalogModule } from '@app/catalog';
import { CustomersModule } from '@app/customers';
import { EntitlementsModule } from '@app/entitlements';
import { EventsModule } from '@app/events';
import type { Clock } from '@app/kernel';
import { type Config, PlatformModule, RATE_WINDOW_MS, RateLimits } from '@app/platform';
import { stripeWhenConfigured } from '@app/stripe';
import { SubscriptionsModule } from '@app/subscriptions';
import { ApiKeyRoutesModule } from './api-keys/api-key-routes.module.js';
import { AuditRoutesModule } from './audit/audit-routes.module.js';
import { AuthRoutesModule } from './auth/auth-routes.module.js';
import { CouponsModule } from './coupons/coupons.module.js';
import { BillingProfileRoutesModule } from './billing-profiles/billing-profile-routes.module.js';
import { CatalogRoutesModule } from './catalog/catalog-routes.module.js';
import { CustomerRoutesModule } from './customers/customer-routes.module.js';
import { EntitlementRoutesModule } from './entitlements/entitlement-routes.module.js';
import { DocumentRoutesModule } from './documents/document-routes.module.js';
import { DevMailModule } from './dev-mail/dev-mail.module.js';
import { EventRoutesModule } from './events/event-routes.module.js';
import { AddOnsModule } from './add-ons/add-ons.module.js';
import { FeaturesModule } from './features/features.module.js';
import { BootstrapData } from './bootstrap-data.js';
import { HealthModule } from './health/health.module.js';
import { HttpModule } from './http/http.module.js';
import { JwtStrategy } from './http/access/jwt.strategy.js';
import { InputPipe } from './http/input/input.pipe.js';
import { ProblemFilter } from './http/problems/problem.filter.js';
import { GLOBAL_GUARDS, RouteCompiler } from './http/routes/route-compiler.js';
import { LimitsStorage } from './http/throttling/limits-storage.js';
import { GrantRoutesModule } from './grants/grant-routes.module.js';
import { CheckoutRoutesModule } from './checkouts/checkout-routes.module.js';
import { InvoiceRoutesModule } from './invoices/invoice-routes.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { NotificationRoutesModule } from './notifications/notification-routes.module.js';
import { OverrideRoutesModule } from './overrides/override-routes.module.js';
import { CreditNoteRoutesModule } from './credit-notes/credit-note-routes.module.js';
import { PaymentRoutesModule } from './payments/payment-routes.module.js';
import { PaymentMethodRoutesModule } from './payment-methods/payment-method-routes.module.js';
import { PaymentWebhookRoutesModule } from './payment-webhooks/payment-webhook-routes.module.js';
import { PlansModule } from './plans/plans.module.js';
import { PortalModule } from './portal/portal.module.js';
import { ProductsModule } from './products/products.module.js';
import { ReservationRoutesModule } from './reservations/reservation-routes.module.js';
import { SampleModule } from './sample/sample.module.js';
import { SearchRoutesModule } from './search/search-routes.module.js';
import { SandboxRoutesModule } from './sandbox/sandbox-routes.module.js';
import { StatsRoutesModule } from './stats/stats-routes.module.js';
import { SubscriptionRoutesModule } from './subscriptions/subscription-routes.module.js';
import { TaxRatesModule } from './tax-rates/tax-rates.module.js';
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
  CouponsModule,
  TaxRatesModule,
  DocumentRoutesModule,
  FeaturesModule,
  PlansModule,
  CatalogRoutesModule,
  CustomerRoutesModule,
  SearchRoutesModule,
  BillingProfileRoutesModule,
  SubscriptionRoutesModule,
  EntitlementRoutesModule,
  UsageRoutesModule,
  ReservationRoutesModule,
  GrantRoutesModule,
  OverrideRoutesModule,
  TestClockRoutesModule,
  SampleModule,
  CheckoutRoutesModule,
  InvoiceRoutesModule,
  CreditNoteRoutesModule,
  PaymentMethodRoutesModule,
  PaymentRoutesModule,
  PaymentWebhookRoutesModule,
  WebhookRoutesModule,
  PortalModule,
  NotificationRoutesModule,
  EventRoutesModule,
  AuditRoutesModule,
  StatsRoutesModule,
];

/** Global filter, guards and pipe, in order. Interceptors are added per route: a global one costs every request. */
const EDGE = [
  ProblemFilter,
  ...GLOBAL_GUARDS,
  InputPipe,
  { provide: APP_FILTER, useExisting: ProblemFilter },
  ...GLOBAL_GUARDS.map((guard) => ({ provide: APP_GUARD, useExisting: guard })),
  { provide: APP_PIPE, useExisting: InputPipe },
];

@Module({})
export class AppModule {
  /** The API on one configuration; `extra` is what else runs in the same process, `clock` replaces real time. */
  static forRoot(
    config: Config,
    extra: NonNullable<ModuleMetadata['imports']> = [],
    clock?: Type<Clock>,
  ): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot(config, clock),
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
        DiscoveryModule,
        HttpModule,
        AccountsModule,
        AuthModule,
        CatalogModule,
        CustomersModule,
        SubscriptionsModule,
        EntitlementsModule,
        BillingModule,
        ...ROUTES,
        ...stripeWhenConfigured(config),
        ...(config.sandboxPayments ? [SandboxRoutesModule] : []),
        ...(config.production || config.smtpUrl ? [] : [DevMailModule]),
        ...extra,
      ],
      providers: [...EDGE, RouteCompiler, JwtStrategy, BootstrapData],
    };
  }
}
