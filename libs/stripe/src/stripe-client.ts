import { ADAPTER_TIMEOUT_MS, providerTimeLeft, ProviderUnavailable } from '@app/billing';
import type { StripeConfig } from '@app/platform';
import Stripe from 'stripe';
import type { DeclineDetails } from './domain/declines.js';

/** Time for an answer of Stripe. Milliseconds. */
const TIMEOUT_MS = 10_000;
/** A charge waits for the bank: all the time that an adapter has. */
export const CHARGE_TIMEOUT_MS = ADAPTER_TIMEOUT_MS;

type Client = ReturnType<typeof Stripe.createNodeHttpClient>;

/** The HTTP client of the package. All requests of one method of the port, also repeated ones, share its deadline. */
function boundedClient(): Client {
  const client = Stripe.createNodeHttpClient();
  const makeRequest: Client['makeRequest'] = (...given) => {
    const [host, port, path, method, headers, data, protocol, timeout] = given;
    const left = Math.min(timeout, providerTimeLeft());
    return left > 0
      ? client.makeRequest(host, port, path, method, headers, data, protocol, left)
      : Promise.reject(Stripe.HttpClient.makeTimeoutError());
  };
  return { getClientName: () => client.getClientName(), makeRequest };
}

/** The client of Stripe. A read is repeated once by the package; a write says `maxNetworkRetries: 0`. */
export function createStripe({ secretKey, apiUrl }: StripeConfig): Stripe {
  const url = apiUrl === null ? null : new URL(apiUrl);
  return new Stripe(secretKey, {
    timeout: TIMEOUT_MS,
    maxNetworkRetries: 1,
    telemetry: false,
    httpClient: boundedClient(),
    ...(url && { protocol: url.protocol === 'http:' ? 'http' : 'https', host: url.hostname, port: url.port }),
  });
}

/** The outcome is unknown: no answer, a failure inside of Stripe, or a request that is still under way. */
const isUnknown = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeConnectionError ||
  error instanceof Stripe.errors.StripeRateLimitError ||
  error instanceof Stripe.errors.StripeAPIError;

/** A refusal of Stripe, without the message of Stripe, which may repeat what was sent. */
export class StripeRefusal extends Error implements DeclineDetails {
  /** `card`: declined. `request`: refused because of its parameters. `other`: credentials, permissions, keys reused. */
  readonly kind: 'card' | 'request' | 'other';
  readonly code: string | undefined;
  readonly decline_code: string | undefined;
  readonly advice_code: string | undefined;
  readonly param: string | undefined;
  /** The payment intent that it is about; null when none was made. */
  readonly intent: string | null;

  constructor(error: InstanceType<typeof Stripe.errors.StripeError>) {
    super(`Stripe refused a request: ${summaryOf(error)}`);
    this.kind = kindOf(error);
    this.code = error.code;
    this.decline_code = error.decline_code;
    this.advice_code = error.advice_code;
    this.param = error.param;
    this.intent = error.payment_intent?.id ?? null;
  }

  /** True when Stripe has no such object. */
  get isMissing(): boolean {
    return this.kind === 'request' && this.code === 'resource_missing';
  }
}

/**
 * Calls Stripe.
 * @throws ProviderUnavailable when the outcome is unknown
 * @throws StripeRefusal for every other error of Stripe
 */
export async function callStripe<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isUnknown(error)) throw new ProviderUnavailable(`Stripe did not answer: ${summaryOf(error)}`);
    throw error instanceof Stripe.errors.StripeError ? new StripeRefusal(error) : error;
  }
}

function kindOf(error: unknown): StripeRefusal['kind'] {
  if (error instanceof Stripe.errors.StripeCardError) return 'card';
  return error instanceof Stripe.errors.StripeInvalidRequestError ? 'request' : 'other';
}

/** The part of an error of Stripe that may be logged. */
function summaryOf(error: unknown): string {
  if (!(error instanceof Stripe.errors.StripeError)) return 'unexpected error';
  const { type, code, param, statusCode, requestId } = error;
  return [type, code, param, statusCode, requestId].filter(Boolean).join(' ');
}
