export const STATUSES = ['trialing', 'active', 'past_due', 'paused', 'canceled', 'expired', 'inactive'] as const;
export const ORDERS = ['newest', 'oldest'] as const;
export const TABS = ['overview', 'usage', 'allowances', 'decision', 'invoices', 'payments', 'activity'] as const;
export const STEPS = ['hour', 'day', 'month'] as const;
export type Tab = (typeof TABS)[number];

/** Filters of the customer list, kept in the URL. Dates are days in UTC. */
export interface CustomerFilters {
  q?: string;
  status?: (typeof STATUSES)[number];
  plan?: string;
  from?: string;
  to?: string;
  order?: (typeof ORDERS)[number];
}

/** Tab and product of the customer page, kept in the URL. */
export interface CustomerView {
  tab?: Tab;
  /** Key of the feature of the usage and of the decision. */
  feature?: string;
  /** Length of a step of the usage. */
  by?: (typeof STEPS)[number];
  /** Instant of the decision, ISO 8601. */
  at?: string;
}
