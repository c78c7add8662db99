import { DomainError } from '@app/kernel';
import type { Decision } from '@app/metering';

/** What the caller's plan must allow before a route does its work. */
export interface PlanLimit {
  feature: string;
  product: string;
  /** Units, 1 or more. */
  quantity: number;
  /** `consume` counts the units in the transaction of the work itself; `check` counts nothing. */
  mode: 'consume' | 'check';
}

export const PLAN_LIMIT = 'plan:limit';

/** A limit on what is held at once has no reset: it is free again when something is given back. */
const NO_RESET_RETRY_SECONDS = 3_600;

/** @throws DomainError with the code of the denial, and the decision */
export function refuseDenied(decision: Decision): void {
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
