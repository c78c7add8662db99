import createClient, { type Client } from 'openapi-fetch';
import { CallBatcher, type CallRoutes } from './call-batcher.js';
import { type ApiResponse, type Attempt, callUntilDeadline } from './retry.js';
import type { paths } from './schema.js';
import type { BatchResult, CheckRequest, ConsumeRequest, Decision } from './requests.js';
import { TollgateError } from './tollgate-error.js';

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
  /**
   * Sends calls of `check`, and of `consume`, together in one request while an earlier one is under way. The decisions
   * and errors are those of single calls. `false`: one request for each call. @default true
   */
  batching?: boolean;
  /** Replaces the `fetch` of the runtime, for example to add tracing. */
  fetch?: typeof fetch;
}

interface BatchResults {
  results: BatchResult[];
}

type ConsumeBody = CheckRequest & Pick<ConsumeRequest, 'properties'> & { idempotencyKey: string };
/** Sends one call. */
type Send<Body> = (body: Body, signal: AbortSignal) => Promise<ApiResponse<Decision>>;

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
  private readonly sendCheck: Send<CheckRequest>;
  private readonly sendConsume: Send<ConsumeBody>;

  constructor(options: TollgateOptions) {
    const { baseUrl, apiKey, product, fetch } = options;
    const { deadlineMs = DEFAULT_DEADLINE_MS, onUnavailable = 'throw', batching = true } = options;
    this.api = createClient<paths>({
      baseUrl,
      headers: { authorization: `Bearer ${apiKey}` },
      ...(fetch ? { fetch } : {}),
    });
    this.product = product;
    this.deadlineMs = deadlineMs;
    this.onUnavailable = onUnavailable;
    this.sendCheck = sender(batching, {
      one: async (body, signal) => (await this.api.POST('/v1/check', { body, signal })) as ApiResponse<Decision>,
      many: (checks, signal) => this.api.POST('/v1/checks', { body: { checks }, signal }),
    });
    this.sendConsume = sender(batching, {
      one: async ({ idempotencyKey, ...body }, signal) => {
        const headers = { 'idempotency-key': idempotencyKey };
        return (await this.api.POST('/v1/usage/consume', { body, headers, signal })) as ApiResponse<Decision>;
      },
      many: (consumptions, signal) => this.api.POST('/v1/usage/consumptions', { body: { consumptions }, signal }),
    });
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
    return this.decideOrFallBack(request, (signal) => this.sendCheck(body, signal));
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
    const body = this.consumeBodyOf(request);
    return this.decideOrFallBack(request, (signal) => this.sendConsume(body, signal));
  }

  /**
   * Checks up to 1,000 requests in one call. Each is independent. Counts nothing.
   *
   * @returns one decision or problem for each request, in their order
   * @throws TollgateError for an invalid field of any request; while Tollgate is unavailable only if `onUnavailable` is
   * `throw`
   *
   * @example
   * ```ts
   * const results = await tollgate.checkBatch([
   *   { customer: 'acme', feature: 'api_calls' },
   *   { customer: 'zenith', feature: 'exports', quantity: 3 },
   * ]);
   * ```
   */
  checkBatch(requests: CheckRequest[]): Promise<BatchResult[]> {
    const checks = requests.map((request) => this.bodyOf(request));
    return this.decideBatchOrFallBack(
      requests,
      async (signal) => await this.api.POST('/v1/checks', { body: { checks }, signal }),
    );
  }

  /**
   * Consumes up to 1,000 requests in one call. Each is counted if, and only if, it is allowed, and independent of the
   * others. Every attempt of the call carries the same idempotency keys, so each request counts once.
   *
   * @returns one decision or problem for each request, in their order
   * @throws TollgateError as `checkBatch`
   *
   * @example
   * ```ts
   * const results = await tollgate.consumeBatch([
   *   { customer: 'acme', feature: 'api_calls', quantity: 12, idempotencyKey: 'acme-2027-02-01T10' },
   *   { customer: 'zenith', feature: 'api_calls', quantity: 7, idempotencyKey: 'zenith-2027-02-01T10' },
   * ]);
   * ```
   */
  consumeBatch(requests: ConsumeRequest[]): Promise<BatchResult[]> {
    const consumptions = requests.map((request) => this.consumeBodyOf(request));
    return this.decideBatchOrFallBack(
      requests,
      async (signal) =>
        await this.api.POST('/v1/usage/consumptions', {
          body: { consumptions },
          signal,
        }),
    );
  }

  private consumeBodyOf(request: ConsumeRequest): ConsumeBody {
    const { idempotencyKey = crypto.randomUUID(), properties } = request;
    return { ...this.bodyOf(request), ...(properties ? { properties } : {}), idempotencyKey };
  }

  private bodyOf({ customer, feature, quantity, entity, value, product = this.product }: CheckRequest): CheckRequest {
    return {
      customer,
      feature,
      ...(quantity === undefined ? {} : { quantity }),
      ...(entity === undefined ? {} : { entity }),
      ...(value === undefined ? {} : { value }),
      ...(product === undefined ? {} : { product }),
    };
  }

  private async decideOrFallBack(request: CheckRequest, attempt: Attempt<Decision>): Promise<Decision> {
    try {
      return await callUntilDeadline(attempt, this.deadlineMs);
    } catch (error) {
      return this.fallBack(request, error);
    }
  }

  private async decideBatchOrFallBack(
    requests: CheckRequest[],
    attempt: Attempt<BatchResults>,
  ): Promise<BatchResult[]> {
    try {
      const { results } = await callUntilDeadline(attempt, this.deadlineMs);
      return results.map((result, index) => {
        if ('allowed' in result || this.onUnavailable === 'throw') return result;
        const error = new TollgateError(result.status, result.code, result.detail, result);
        return error.isUnavailable ? this.fallBack(requests[index]!, error) : result;
      });
    } catch (error) {
      return requests.map((request) => this.fallBack(request, error));
    }
  }

  /** The decision of `onUnavailable`. @throws the error, unless Tollgate is unavailable and the option decides */
  private fallBack({ customer, feature, quantity = 1, value }: CheckRequest, error: unknown): Decision {
    if (!(error instanceof TollgateError && error.isUnavailable) || this.onUnavailable === 'throw') throw error;
    const allowed = this.onUnavailable === 'allow';
    return {
      allowed,
      reason: allowed ? null : 'unavailable',
      customer,
      feature,
      type: 'metered',
      requested: typeof value === 'number' ? value : quantity,
      source: null,
      asOf: new Date().toISOString(),
      degraded: true,
    };
  }
}

const sender = <Body>(batching: boolean, routes: CallRoutes<Body>): Send<Body> => {
  if (!batching) return routes.one;
  const batcher = new CallBatcher(routes);
  return (body, signal) => batcher.send(body, signal);
};
