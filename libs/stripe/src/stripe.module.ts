import { type DynamicModule, Module, type OnModuleInit } from '@nestjs/common';
import { PaymentProviders, PaymentProvidersModule } from '@app/billing';
import { StripeProvider } from './stripe-provider.js';

/** The adapter of Stripe, which registers itself at the start. */
@Module({})
export class StripeModule implements OnModuleInit {
  constructor(
    private readonly providers: PaymentProviders,
    private readonly stripe: StripeProvider,
  ) {}

  static forRoot(): DynamicModule {
    return { module: StripeModule, imports: [PaymentProvidersModule], providers: [StripeProvider] };
  }

  onModuleInit(): void {
    this.providers.register(this.stripe);
  }
}
