import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  handleWhen,
} from 'cockatiel';
import type { Metrics } from '../metrics/metrics.js';

export interface BreakerOptions {
  dependency: string;
  /** Consecutive failures after which the breaker opens. */
  failures: number;
  /** Milliseconds until one call tests the dependency again. */
  openMs: number;
  /** Omitted: every error is a failure. */
  isFailure?: (error: Error) => boolean;
}

/**
 * Creates a circuit breaker: it rejects calls while a dependency fails. Its metric is `tollgate_circuit_open`.
 * @example
 * const breaker = breakerFor(metrics, { dependency: 'mail', failures: 5, openMs: 10_000 });
 * await breaker.execute(() => transport.sendMail(mail)); // an error for which isCircuitOpen is true: not called
 */
export function breakerFor(
  metrics: Metrics,
  { dependency, failures, openMs, isFailure = () => true }: BreakerOptions,
): CircuitBreakerPolicy {
  const breaker = circuitBreaker(handleWhen(isFailure), {
    halfOpenAfter: openMs,
    breaker: new ConsecutiveBreaker(failures),
  });
  const open = metrics.breakers.labels(dependency);
  open.set(0);
  breaker.onBreak(() => open.set(1));
  breaker.onReset(() => open.set(0));
  return breaker;
}

/** True when the open breaker rejected the call, so that the dependency was not called. */
export const isCircuitOpen = (error: unknown): boolean => error instanceof BrokenCircuitError;
