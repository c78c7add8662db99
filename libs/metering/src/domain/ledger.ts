import type { Actor } from '@app/kernel';
import type { Burn } from './burn-down.js';

/** Names one counter: the usage of one customer of one feature since the window began. */
export interface CounterKey {
  customerId: string;
  featureId: string;
  windowStart: Date;
}

/** Entries made before the kind `grant_coverage` existed say `payment` instead: they are never rewritten. */
export type EntryKind = 'consume' | 'event' | 'commit' | 'correction' | 'opening' | 'grant_coverage';

/** One immutable entry of the ledger: units of one customer at one instant. Negative: units returned. */
export interface LedgerEntry extends CounterKey {
  id: string;
  quantity: number;
  kind: EntryKind;
  occurredAt: Date;
  actor: Actor;
  properties: object | null;
  burns: Burn[] | null;
  /** The caller's own event id, counted once per customer. */
  reference: string | null;
  /** The id of the entity's name, or of the distinct value. */
  entityId: string | null;
  /** The reported value of a feature that is not counted by the sum; `quantity` is the change that it made. */
  value: number | null;
}
