import type { components } from '@tollgate/schema';

export type MonthlyRevenue = components['schemas']['MonthlyRevenueDto'];

/** Movements in the order of the chart's stacks. */
export const MOVEMENTS = ['new', 'expansion', 'reactivation', 'contraction', 'churn'] as const;
