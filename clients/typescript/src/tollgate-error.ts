import type { components } from './schema.js';

/**
 * The body of an error response, as RFC 9457 defines it. `code` is stable; `detail` is for people.
 *
 * @example
 * ```ts
 * const { code, detail, errors, requestId } = error.problem!;
 * // code: 'invalid_fields', errors: [{ field: 'quantity', message: 'must not be less than 1' }]
 * ```
 */
export type Problem = components['schemas']['ProblemDto'];

/**
 * An error response of Tollgate, or no response before the deadline (`status` 0).
 *
 * A denial is not an error: it is a `Decision` with `allowed: false`.
 *
 * @example
 * ```ts
 * try {
 *   await tollgate.consume({ customer: 'acme', feature: 'api_calls' });
 * } catch (error) {
 *   if (!(error instanceof TollgateError)) throw error;
 *   if (error.isUnavailable) return retryLater(error.retryAfterSeconds);
 *   if (error.code === 'customer_not_found') return createCustomer();
 *   throw error; // a mistake in the request: retrying it does not help
 * }
 * ```
 */
export class TollgateError extends Error {
  constructor(
    /** HTTP status of the response; 0 without a response. */
    readonly status: number,
    /** Stable code of the problem; `no_answer` without a response, `unexpected_answer` without a problem body. */
    readonly code: string,
    message: string,
    /** Body of the error response; null without one. */
    readonly problem: Problem | null,
    /** Seconds to wait before the next attempt (`Retry-After`); 0 if the response has none. */
    readonly retryAfterSeconds = 0,
  ) {
    super(message);
    this.name = 'TollgateError';
  }

  /**
   * Whether the same request may succeed later: no response, 429 or 5xx.
   *
   * @example
   * ```ts
   * if (error instanceof TollgateError && error.isUnavailable) await queue.retry(job);
   * ```
   */
  get isUnavailable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}
