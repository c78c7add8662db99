import type { DynamicModule } from '@nestjs/common';
import type { Config } from '@app/platform';

/**
 * The module of Stripe when it is configured, to be spread into the imports of an application. Loaded only then: the
 * package has 271 files, which take a quarter of a second.
 */
export const stripeWhenConfigured = ({ stripe }: Config): Promise<DynamicModule>[] =>
  stripe ? [import('./stripe.module.js').then(({ StripeModule }) => StripeModule.forRoot())] : [];
