/** Access to the payment provider `stripe`. */
export interface StripeConfig {
  secretKey: string;
  /** Secret of the endpoint that Stripe sends its events to. */
  webhookSecret: string;
  /** Another server than Stripe's, for tests. */
  apiUrl: string | null;
}

/** The variables that belong together. */
interface StripeVariables {
  NODE_ENV?: string | undefined;
  PUBLIC_URL?: string | undefined;
  STRIPE_SECRET_KEY?: string | undefined;
  STRIPE_WEBHOOK_SECRET?: string | undefined;
  STRIPE_API_URL?: string | undefined;
}

/** Null: the provider is not configured. */
export function stripeConfig(env: StripeVariables): StripeConfig | null {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret, STRIPE_API_URL: apiUrl } = env;
  return secretKey && webhookSecret ? { secretKey, webhookSecret, apiUrl: apiUrl ?? null } : null;
}

/** A line for each combination of variables that is wrong. */
export function wrongStripe(env: StripeVariables): string[] {
  const wrong: string[] = [];
  if (Boolean(env.STRIPE_SECRET_KEY) !== Boolean(env.STRIPE_WEBHOOK_SECRET))
    wrong.push('STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET are only valid together');
  if (env.NODE_ENV !== 'production') return wrong;
  if (env.STRIPE_API_URL) wrong.push('STRIPE_API_URL is for tests and is not allowed in production');
  if (env.STRIPE_SECRET_KEY && !env.PUBLIC_URL) wrong.push('PUBLIC_URL is required for STRIPE_SECRET_KEY');
  return wrong;
}
