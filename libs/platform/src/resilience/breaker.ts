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
  /** Failures in a row after which it is left alone. */
  failures: number;
  /** Then one call looks whether it is well again. Milliseconds. */
  openMs: number;
  /** Left out: every error is a failure. */
  isFailure?: (error: Error) => boolean;
}

/** Leaves a dependency alone while it fails, so that neither side pays for calls that come to nothing; told as `tollgate_circuit_open`. */
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

/** True when nothing was asked, because the dependency is left alone. */
export const isCircuitOpen = (error: unknown): boolean => error instanceof BrokenCircuitError;
