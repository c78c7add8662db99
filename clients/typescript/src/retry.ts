import { type Problem, TollgateError } from './tollgate-error.js';

/** Sends one attempt of a request; `signal` aborts it at the deadline. */
export type Attempt<T> = (signal: AbortSignal) => Promise<ApiResponse<T>>;

export interface ApiResponse<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

const FIRST_BACKOFF_MS = 25;
/** Statuses whose next attempt may succeed. Every other one, 500 included, is thrown after the first attempt. */
const RETRYABLE_STATUSES = new Set([429, 502, 503, 504]);

/**
 * Retries an attempt with exponential backoff and jitter until the deadline.
 *
 * A rate limit (429) is retried only after its `Retry-After`, and only if that is before the deadline.
 *
 * @throws TollgateError the last one, when the deadline has passed; immediately for an error that a retry cannot change
 */
export async function callUntilDeadline<T>(attempt: Attempt<T>, deadlineMs: number): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  const remainingMs = () => deadline - performance.now();
  let lastError = new TollgateError(0, 'no_answer', `No response from Tollgate within ${deadlineMs} ms.`, null);
  for (let backoffMs = FIRST_BACKOFF_MS; remainingMs() > 0; backoffMs *= 2) {
    const outcome = await send(attempt, remainingMs());
    if (!(outcome instanceof TollgateError)) return outcome.value;
    if (outcome.status !== 0 && !RETRYABLE_STATUSES.has(outcome.status)) throw outcome;
    lastError = outcome;
    const rateLimitMs = outcome.status === 429 ? outcome.retryAfterSeconds * 1_000 : 0;
    if (rateLimitMs > remainingMs()) break;
    const pauseMs = Math.max(rateLimitMs, backoffMs * (0.5 + Math.random()));
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, Math.max(0, remainingMs()))));
  }
  throw lastError;
}

/**
 * `Retry-After` (RFC 9110, 10.2.3) in seconds: a number, or a date, counted from the `Date` of the response so that the
 * clock of this machine does not matter. 0 without a valid one.
 */
function secondsOf(retryAfter: string | null, date: string | null): number {
  if (retryAfter === null) return 0;
  if (/^\d+$/.test(retryAfter.trim())) return Number(retryAfter);
  const now = Date.parse(date ?? '') || Date.now();
  const seconds = Math.ceil((Date.parse(retryAfter) - now) / 1_000);
  return Number.isNaN(seconds) ? 0 : Math.max(0, seconds);
}

async function send<T>(attempt: Attempt<T>, timeoutMs: number): Promise<{ value: T } | TollgateError> {
  try {
    const { data, error, response } = await attempt(AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs))));
    if (response.ok) return { value: data as T };
    const problem = (error ?? null) as Problem | null;
    return new TollgateError(
      response.status,
      problem?.code ?? 'unexpected_answer',
      problem?.detail ?? `Tollgate responded with HTTP ${response.status}.`,
      problem,
      secondsOf(response.headers.get('retry-after'), response.headers.get('date')),
    );
  } catch (error) {
    return new TollgateError(0, 'no_answer', `The request to Tollgate failed: ${String(error)}`, null);
  }
}
