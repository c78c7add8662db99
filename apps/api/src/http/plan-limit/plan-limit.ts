/** The entitlement that the caller's plan must have before a route runs. */
export interface PlanLimit {
  feature: string;
  product: string;
  /** Units, 1 or more. */
  quantity: number;
  /** `consume` counts the units in the transaction of the route; `check` counts nothing. */
  mode: 'consume' | 'check';
}

export const PLAN_LIMIT = 'plan:limit';
