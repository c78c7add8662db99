import type { Interval } from '@app/kernel';
import type { Grant } from './domain/grant.js';

/** A row of the grants table as PostgreSQL's to_json returns it. */
export interface GrantRow {
  id: string;
  customer_id: string;
  feature_id: string;
  quantity: number;
  priority: number;
  effective_at: string;
  expires_at: string | null;
  recurrence: { interval: Interval; count: number; anchor: string } | null;
  timezone: string;
  rollover_min: number;
  rollover_max: number | null;
  reason: string | null;
  voided_at: string | null;
  created_at: string;
}

/** The one mapping of the grants table. */
export function grantFromRow(row: GrantRow): Grant {
  const { id, quantity, priority, recurrence, timezone, reason } = row;
  return {
    id,
    quantity,
    priority,
    timezone,
    reason,
    customerId: row.customer_id,
    featureId: row.feature_id,
    effectiveAt: new Date(row.effective_at),
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
    recurrence: recurrence && { ...recurrence, anchor: new Date(recurrence.anchor) },
    rolloverMin: row.rollover_min,
    rolloverMax: row.rollover_max,
    voidedAt: row.voided_at === null ? null : new Date(row.voided_at),
    createdAt: new Date(row.created_at),
  };
}
