import type { components } from '@tollgate/schema';

/** Body of an error answer (RFC 9457). */
export type Problem = components['schemas']['ProblemDto'];

/** An error answer of the API; `status` is 0 and `code` is `no_answer` when none came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | null,
    readonly retryAfterSeconds = 0,
  ) {
    super(problem?.detail ?? (status === 0 ? 'The service did not answer.' : `HTTP ${status}`));
    this.name = 'ApiError';
  }

  /** Stable code of the problem, for example `customer_not_found`. */
  get code(): string {
    return this.problem?.code ?? (this.status === 0 ? 'no_answer' : 'unexpected_answer');
  }

  /** Id under which the operators find the request in the log; null without an answer. */
  get requestId(): string | null {
    return this.problem?.requestId ?? null;
  }

  /** Message of each invalid field, for forms. */
  get fieldErrors(): Record<string, string> {
    return Object.fromEntries((this.problem?.errors ?? []).map(({ field, message }) => [field, message]));
  }

  /** True if the same request may succeed later. */
  get isUnavailable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}
