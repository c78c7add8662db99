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
