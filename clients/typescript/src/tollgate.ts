import createClient, { type Client } from 'openapi-fetch';
import { type ApiResponse, type Attempt, callUntilDeadline } from './retry.js';
import type { components, paths } from './schema.js';
import { TollgateError } from './tollgate-error.js';

/**
 * Whether a customer may use a feature now, with the state of its usage.
 *
 * `degraded: true` marks a decision of a failure policy: of `onUnavailable` here, or of the feature on the server.
 *
 * @example
 * ```ts
 * const decision = await tollgate.check({ customer: 'acme', feature: 'api_calls' });
 * // { allowed: false, reason: 'limit_reached', limit: 100, used: 100, remaining: 0, resetsAt: '2027-02-01T...', ... }
 * ```
 */
export type Decision = components['schemas']['DecisionDto'];

/**
 * The decision while Tollgate is unavailable: no response before the deadline, 429 or 5xx.
 *
 * - `throw`: no decision, a `TollgateError` is thrown.
 * - `deny`: `allowed: false` with `reason: 'unavailable'`. Paying customers may be rejected during an outage.
 * - `allow`: `allowed: true`. Usage during an outage is not counted.
 *
 * @example
 * ```ts
 * const onUnavailable: UnavailablePolicy = 'allow';
 * ```
 */
export type UnavailablePolicy = 'deny' | 'allow' | 'throw';

/**
 * Connection to one Tollgate service.
 *
 * @example
 * ```ts
 * const options: TollgateOptions = {
 *   baseUrl: 'https://tollgate.internal',
 *   apiKey: process.env.TOLLGATE_KEY!,
 *   product: 'api',
 *   deadlineMs: 500,
 *   onUnavailable: 'allow',
 * };
 * ```
 */
export interface TollgateOptions {
  /** Address of the service, without a path: `https://tollgate.internal`. */
  baseUrl: string;
  /** API key with the scopes for the calls (`entitlements:read`, `usage:write`): `tg_...`. */
  apiKey: string;
  /** Product of requests that name none. @default the product of the API key */
  product?: string;
  /** Time limit of one call with all its retries, in milliseconds. @default 1000 */
  deadlineMs?: number;
  /** Decision while Tollgate is unavailable. @default throw */
  onUnavailable?: UnavailablePolicy;
  /** Replaces the `fetch` of the runtime, for example to add tracing. */
  fetch?: typeof fetch;
}

/**
 * A question about one feature of one customer.
 *
 * @example
 * ```ts
 * const request: CheckRequest = { customer: 'acme', feature: 'api_calls', quantity: 3 };
 * ```
 */
export interface CheckRequest {
  /** Key of the customer. */
  customer: string;
  /** Key of the feature. */
  feature: string;
  /** Units. @default 1 */
  quantity?: number;
  /** Key of the product. @default `product` of the options */
  product?: string;
}

/**
 * Units to count for one feature of one customer.
 *
 * @example
 * ```ts
 * const request: ConsumeRequest = {
 *   customer: 'acme',
 *   feature: 'api_calls',
 *   quantity: 3,
 *   idempotencyKey: 'order-1001',
 *   properties: { region: 'eu' },
 * };
 * ```
 */
export interface ConsumeRequest extends CheckRequest {
  /**
   * Identifies the work, not the attempt. Equal requests with the same key count once within 24 hours.
   *
   * @default a random UUID per call: it covers the retries of this call, not a restart of the process
   */
  idempotencyKey?: string;
  /** Stored with the usage, at most 10 kB. */
  properties?: Record<string, unknown>;
}

const DEFAULT_DEADLINE_MS = 1_000;

/**
 * Client of a Tollgate service: typed, with a deadline, safe to retry.
 *
 * `check` and `consume` retry until the deadline and apply `onUnavailable`. `api` has every route, without retries.
 * One instance serves a whole process. It needs no closing.
 *
 * @example
 * ```ts
 * const tollgate = new Tollgate({ baseUrl: 'https://tollgate.internal', apiKey: process.env.TOLLGATE_KEY! });
 * const decision = await tollgate.consume({ customer: 'acme', feature: 'api_calls' });
 * if (!decision.allowed) throw new Error(`Denied: ${decision.reason}`);
 * ```
 */
export class Tollgate {
  /**
   * Every route of the OpenAPI document, typed by openapi-fetch.
   *
   * One attempt per call, without deadline. HTTP errors are returned as `error`; network errors are thrown by `fetch`.
   *
   * @example
   * ```ts
   * const { data, error } = await tollgate.api.GET('/v1/customers/{customer}/entitlements', {
   *   params: { path: { customer: 'acme' } },
   * });
   * ```
   */
  readonly api: Client<paths>;
  private readonly deadlineMs: number;
  private readonly onUnavailable: UnavailablePolicy;
  private readonly product: string | undefined;

  constructor(options: TollgateOptions) {
    const { baseUrl, apiKey, product, deadlineMs = DEFAULT_DEADLINE_MS, onUnavailable = 'throw', fetch } = options;
    this.api = createClient<paths>({
      baseUrl,
      headers: { authorization: `Bearer ${apiKey}` },
      ...(fetch ? { fetch } : {}),
    });
    this.product = product;
    this.deadlineMs = deadlineMs;
    this.onUnavailable = onUnavailable;
  }

  /**
   * Returns whether the customer may use the feature now. Counts nothing and reserves nothing.
   *
   * @throws TollgateError for an error in the request; while Tollgate is unavailable only if `onUnavailable` is `throw`
   *
   * @example
   * ```ts
   * const { allowed, remaining } = await tollgate.check({ customer: 'acme', feature: 'api_calls', quantity: 3 });
   * ```
   */
  check(request: CheckRequest): Promise<Decision> {
    const body = this.bodyOf(request);
    return this.decideOrFallBack(
      request,
      async (signal) => (await this.api.POST('/v1/check', { body, signal })) as ApiResponse<Decision>,
    );
  }

  /**
   * Counts the units if, and only if, they are allowed. A denial counts nothing.
   *
   * All attempts of one call carry the same `Idempotency-Key`, so the units count once, however often they are sent.
   *
   * @throws TollgateError for an error in the request; while Tollgate is unavailable only if `onUnavailable` is `throw`
   *
   * @example
   * ```ts
   * const decision = await tollgate.consume({
   *   customer: 'acme',
   *   feature: 'api_calls',
   *   quantity: 2,
   *   idempotencyKey: 'order-1001',
   * });
   * if (!decision.allowed) throw new Error(`Denied: ${decision.reason}, resets at ${decision.resetsAt}`);
   * ```
   */
  consume(request: ConsumeRequest): Promise<Decision> {
    const { idempotencyKey = crypto.randomUUID(), properties } = request;
    const body = { ...this.bodyOf(request), ...(properties ? { properties } : {}) };
    const headers = { 'idempotency-key': idempotencyKey };
    return this.decideOrFallBack(
      request,
      async (signal) => (await this.api.POST('/v1/usage/consume', { body, headers, signal })) as ApiResponse<Decision>,
    );
  }

  private bodyOf({ customer, feature, quantity, product = this.product }: CheckRequest) {
    return {
      customer,
      feature,
      ...(quantity === undefined ? {} : { quantity }),
      ...(product === undefined ? {} : { product }),
    };
  }

  private async decideOrFallBack(
    { customer, feature, quantity = 1 }: CheckRequest,
    attempt: Attempt<Decision>,
  ): Promise<Decision> {
    try {
      return await callUntilDeadline(attempt, this.deadlineMs);
    } catch (error) {
      if (!(error instanceof TollgateError && error.isUnavailable) || this.onUnavailable === 'throw') throw error;
      const allowed = this.onUnavailable === 'allow';
      return {
        allowed,
        reason: allowed ? null : 'unavailable',
        customer,
        feature,
        type: 'metered',
        requested: quantity,
        source: null,
        asOf: new Date().toISOString(),
        degraded: true,
      };
    }
  }
}
