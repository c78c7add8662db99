import type { Interval } from '@app/kernel';

/** Units given to one customer beside what the plan allows: bought, promised, or as goodwill. Counts are units. */
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
  /** Full again at each of these instants, counted from the anchor. */
  recurrence: { interval: Interval; count: number; anchor: Date } | null;
  /** The customer's zone when it was given. */
  timezone: string;
  /** What is left when the feature's window ends is kept within these bounds; max null: all of it. */
  rolloverMin: number;
  rolloverMax: number | null;
  reason: string | null;
  voidedAt: Date | null;
  createdAt: Date;
}
