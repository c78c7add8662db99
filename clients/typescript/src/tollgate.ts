import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './schema.js';

/** What Tollgate answers; `degraded` when it could not be request and `onUnavailable` has answered instead. */
export type Decision = components['schemas']['DecisionDto'];
type Problem = components['schemas']['ProblemDto'];

export interface TollgateOptions {
  /** Where Tollgate is: `https://tollgate.internal`. */
  baseUrl: string;
  /** `tg_...` */
  apiKey: string;
  /** For questions that name none; left out: the API key's own. */
  product?: string;
  /** For a question with all its repetitions, in milliseconds. */
  deadlineMs?: number;
  /** When there is no answer in time. `throw` leaves it to the caller; the others make a decision, marked `degraded`. */
  onUnavailable?: 'deny' | 'allow' | 'throw';
  /** Instead of the runtime's own. */
  fetch?: typeof fetch;
}

export interface CheckRequest {
  customer: string;
  feature: string;
  /** Units. */
  quantity?: number;
  product?: string;
}

/** A refusal, or no answer in time (`status` 0). */
export class TollgateError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly problem: Problem | null,
    /** How long Tollgate asks to be left alone, in seconds; 0 when it says nothing of it. */
    readonly retryAfterSeconds = 0,
  ) {
    super(message);
    this.name = 'TollgateError';
  }

  /** Nothing is wrong with the question: it could not be answered now. */
  get isUnavailable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const DEFAULT_DEADLINE_MS = 1_000;
const FIRST_BACKOFF_MS = 25;
/** What may have another outcome a moment later. */
const RETRYABLE_STATUSES = new Set([429, 502, 503, 504]);

interface ApiResponse<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** A service's way to Tollgate: typed, bounded in time, safe to repeat. `api` has every route of the OpenAPI document. */
export class Tollgate {
  readonly api: Client<paths>;
  private readonly deadlineMs: number;
  private readonly onUnavailable: 'deny' | 'allow' | 'throw';
  private readonly product: string | undefined;

  constructor({
    baseUrl,
    apiKey,
    product,
    deadlineMs = DEFAULT_DEADLINE_MS,
    onUnavailable = 'throw',
    fetch,
  }: TollgateOptions) {
    this.api = createClient<paths>({
      baseUrl,
      headers: { authorization: `Bearer ${apiKey}` },
      ...(fetch ? { fetch } : {}),
    });
    this.product = product;
    this.deadlineMs = deadlineMs;
    this.onUnavailable = onUnavailable;
  }

  /** May this customer? Counts nothing. @throws TollgateError */
  check(request: CheckRequest): Promise<Decision> {
    const body = this.bodyOf(request);
    return this.decideOrFallBack(
      request,
      async (signal) => (await this.api.POST('/v1/check', { body, signal })) as ApiResponse<Decision>,
    );
  }

  /**
   * Counts the units if, and only if, they are allowed. Every repetition carries the same Idempotency-Key: however often it is
   * sent, it counts once. @throws TollgateError
   */
  consume(
    request: CheckRequest & { idempotencyKey?: string; properties?: Record<string, unknown> },
  ): Promise<Decision> {
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
    request: CheckRequest,
    call: (signal: AbortSignal) => Promise<ApiResponse<Decision>>,
  ): Promise<Decision> {
    try {
      return await this.callUntilDeadline(call);
    } catch (error) {
      if (!(error instanceof TollgateError && error.isUnavailable) || this.onUnavailable === 'throw') throw error;
      const allowed = this.onUnavailable === 'allow';
      const { customer, feature, quantity = 1 } = request;
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

  /** Asks again, a little later each time, for as long as the deadline lets it; whoever has request too often only when that is over. */
  private async callUntilDeadline<T>(call: (signal: AbortSignal) => Promise<ApiResponse<T>>): Promise<T> {
    const ends = performance.now() + this.deadlineMs;
    let last = new TollgateError(0, 'no_answer', 'Tollgate did not answer in time.', null);
    for (let pause = FIRST_BACKOFF_MS; performance.now() < ends; pause *= 2) {
      const outcome = await attemptCall(call, ends - performance.now());
      if (!(outcome instanceof TollgateError)) return outcome.value;
      if (outcome.status !== 0 && !RETRYABLE_STATUSES.has(outcome.status)) throw outcome;
      last = outcome;
      const limitedMs = outcome.status === 429 ? outcome.retryAfterSeconds * 1_000 : 0;
      if (limitedMs > ends - performance.now()) break;
      await new Promise((resolve) =>
        setTimeout(
          resolve,
          Math.min(Math.max(limitedMs, pause * (0.5 + Math.random())), Math.max(0, ends - performance.now())),
        ),
      );
    }
    throw last;
  }
}

async function attemptCall<T>(
  call: (signal: AbortSignal) => Promise<ApiResponse<T>>,
  leftMs: number,
): Promise<{ value: T } | TollgateError> {
  try {
    const { data, error, response } = await call(AbortSignal.timeout(Math.max(1, Math.ceil(leftMs))));
    if (response.ok) return { value: data as T };
    const problem = (error ?? null) as Problem | null;
    return new TollgateError(
      response.status,
      problem?.code ?? 'unexpected_answer',
      problem?.detail ?? `Tollgate answered ${response.status}.`,
      problem,
      Number(response.headers.get('retry-after') ?? 0),
    );
  } catch (error) {
    return new TollgateError(0, 'no_answer', `Tollgate could not be request: ${String(error)}`, null);
  }
}
