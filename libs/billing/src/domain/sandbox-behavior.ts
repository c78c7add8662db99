import type { ChargeOutcome } from '../payment-provider.js';

/** How a test method of the sandbox provider behaves when it is charged. */
export const SANDBOX_BEHAVIORS = [
  'succeeds',
  'declined',
  'declined_hard',
  'requires_action',
  'times_out',
  'succeeds_late',
  'disputed',
] as const;
export type SandboxBehavior = (typeof SANDBOX_BEHAVIORS)[number];

export interface SandboxBehaviorDetails {
  description: string;
  last4: string;
  /** The state of a charge when it is made. */
  charge: { status: ChargeOutcome['status']; code: string | null; hard: boolean };
  /** The answer to the first request is lost, after the charge was made. */
  losesAnswer?: true;
  disputed?: true;
}

const SUCCEEDED = { status: 'succeeded', code: null, hard: false } as const;

export const SANDBOX_DETAILS: Record<SandboxBehavior, SandboxBehaviorDetails> = {
  succeeds: { description: 'Each charge succeeds.', last4: '4242', charge: SUCCEEDED },
  declined: {
    description: 'Each charge is declined for lack of funds; a retry is allowed.',
    last4: '9995',
    charge: { status: 'failed', code: 'insufficient_funds', hard: false },
  },
  declined_hard: {
    description: 'Each charge is declined because the card was stolen; it is never retried.',
    last4: '9979',
    charge: { status: 'failed', code: 'stolen_card', hard: true },
  },
  requires_action: {
    description: 'The payer must confirm each charge on a page.',
    last4: '3184',
    charge: { status: 'requires_action', code: null, hard: false },
  },
  times_out: {
    description: 'Each charge succeeds, and the answer to its first request is lost.',
    last4: '1000',
    charge: SUCCEEDED,
    losesAnswer: true,
  },
  succeeds_late: {
    description: 'Each charge is pending first, and has succeeded the next time its state is read.',
    last4: '0077',
    charge: { status: 'pending', code: null, hard: false },
  },
  disputed: {
    description: 'Each charge succeeds and is disputed by the payer.',
    last4: '0259',
    charge: SUCCEEDED,
    disputed: true,
  },
};

/** True for the name of a behavior. */
export const isSandboxBehavior = (name: string): name is SandboxBehavior =>
  (SANDBOX_BEHAVIORS as readonly string[]).includes(name);
