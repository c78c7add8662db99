import { DomainError } from '@app/kernel';
import type { Decision } from './decide.js';

/** `Retry-After` of a limit that never resets, in seconds: it is free again when units are returned. */
const NO_RESET_RETRY_SECONDS = 3_600;

/**
 * Turns a denial into an error, for work that needs the units that it consumed.
 *
 * @throws DomainError with the reason of the denial as its code, and the decision in its details
 * @example assertAllowed((await metering.consume({ customer, product, feature, quantity: 1, actor })).answer);
 */
export function assertAllowed(decision: Decision): void {
  if (decision.allowed) return;
  const code = decision.reason!;
  if (code === 'limit_reached') {
    const untilReset = decision.resetsAt
      ? Math.max(1, (Date.parse(decision.resetsAt) - Date.parse(decision.asOf)) / 1_000)
      : NO_RESET_RETRY_SECONDS;
    throw new DomainError('limited', code, 'The limit of the plan is reached.', {
      decision,
      retryAfterSeconds: untilReset,
    });
  }
  throw new DomainError('forbidden', code, 'The plan does not allow this.', { decision });
}
