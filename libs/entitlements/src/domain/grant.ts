import type { Interval } from '@app/kernel';

/** Units given to one customer beside the included units of the plan: bought, promised, or as goodwill. */
export interface Grant {
  id: string;
  customerId: string;
  featureId: string;
  quantity: number;
  /** 0 to 255; the lowest is burnt first. */
  priority: number;
  effectiveAt: Date;
  /** Exclusive; null: never. */
  expiresAt: Date | null;
  /** The grant is filled again at each of these instants, counted from the anchor. */
  recurrence: { interval: Interval; count: number; anchor: Date } | null;
  /** The customer's time zone when the grant was given. */
  timezone: string;
  /** Units that are left at the end of the feature's window roll over within these bounds; max null: all. */
  rolloverMin: number;
  rolloverMax: number | null;
  reason: string | null;
  voidedAt: Date | null;
  createdAt: Date;
}
