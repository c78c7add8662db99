import type { SandboxBehavior } from '@app/billing';

/** The caller of a step: the API key of the backend, a member of the staff, or the user of the portal. */
export type Doer = 'backend' | 'support' | 'finance' | 'admin' | 'customer';

interface StepBase {
  at: Date;
  /** Key of the customer; empty for a step on the catalogue. */
  customer: string;
  /** Default: the backend. */
  by?: Doer;
}

/**
 * One request at an instant. A name in braces in its path is replaced by the id of the newest such object of the
 * customer: `{subscription}`, or an invoice by its status, such as `{paid}`.
 */
export interface RequestStep extends StepBase {
  method: 'POST' | 'PUT' | 'PATCH';
  path: string;
  body?: object;
}

/** The customer stores a test card, which is charged from then on. */
export interface CardStep extends StepBase {
  card: SandboxBehavior;
}

export type Step = RequestStep | CardStep;
