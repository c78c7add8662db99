/** A problem that staff should read: objects of one kind, counted. */
export interface Concern {
  kind: string;
  count: number;
  /** Since when the oldest of them has it; null: unknown. */
  since: Date | null;
  /** Null: it concerns no single product. */
  productId: string | null;
}
