export type { StripeProvider } from './stripe-provider.js';
export { stripeWhenConfigured } from './when-configured.js';
