import { type Cadence, periodAt, capped } from '@app/kernel';
import type { Grant } from '@app/entitlements';

/** A grant with its balance. */
export interface GrantState {
  grant: Grant;
  /** Units left. */
  balance: number;
  /** Until when activation, recurrences and resets are applied. Null: never yet. */
  accruedUntil: Date | null;
}

/** Units burnt from one grant; negative: returned to it. */
export interface Burn {
  grantId: string;
  quantity: number;
}

/** Earlier overage that a grant covered when it was filled. */
export interface Coverage extends Burn {
  /** When it was filled. */
  at: Date;
}

/** The instant of a coverage in its window: its grant may have been filled before the window began. */
export const coveredAt = ({ at }: Coverage, windowStart: Date): Date => (at < windowStart ? windowStart : at);

/** If more recurrences are due, only the last ones are applied: each fills the grant anyway. */
const MAX_RECURRENCES = 1_000;

/** The order in which grants are burnt: lowest priority, earliest expiry, oldest creation, lowest id. */
export function burnOrder({ grant: one }: GrantState, { grant: other }: GrantState): number {
  return (
    one.priority - other.priority ||
    // If both never expire: Infinity - Infinity is NaN, which is falsy.
    (one.expiresAt?.getTime() ?? Infinity) - (other.expiresAt?.getTime() ?? Infinity) ||
    one.createdAt.getTime() - other.createdAt.getTime() ||
    (one.id < other.id ? -1 : 1)
  );
}

export const isActive = ({ effectiveAt, expiresAt }: Grant, at: Date): boolean =>
  effectiveAt <= at && (expiresAt === null || at < expiresAt);

/** Units that can be burnt at an instant. */
export function balanceOf(grants: GrantState[], at: Date): number {
  let balance = 0;
  for (const state of grants) if (isActive(state.grant, at)) balance += state.balance;
  return balance;
}

/** Burns up to `quantity` units in burn order. `burnt` may be less: the rest is overage. */
export function burn(
  grants: GrantState[],
  quantity: number,
  at: Date,
): { grants: GrantState[]; burns: Burn[]; burnt: number } {
  const burns: Burn[] = [];
  let missing = quantity;
  const left = new Map<GrantState, number>();
  for (const state of grants.filter(({ grant, balance }) => balance > 0 && isActive(grant, at)).sort(burnOrder)) {
    if (missing === 0) break;
    const taken = Math.min(missing, state.balance);
    missing -= taken;
    burns.push({ grantId: state.grant.id, quantity: taken });
    left.set(state, state.balance - taken);
  }
  return {
    grants: grants.map((state) => (left.has(state) ? { ...state, balance: left.get(state)! } : state)),
    burns,
    burnt: quantity - missing,
  };
}

/**
 * Returns up to `quantity` units to their grants, newest first. `history` has all earlier burns and returns, oldest
 * first.
 */
export function unwind(
  grants: GrantState[],
  quantity: number,
  history: Burn[],
): { grants: GrantState[]; burns: Burn[]; returned: number } {
  const stack: Burn[] = [];
  for (const entry of history) {
    if (entry.quantity > 0) stack.push({ ...entry });
    else removeFrom(stack, entry.grantId, -entry.quantity);
  }
  const returnedTo = new Map<string, number>();
  let missing = quantity;
  for (const { grantId, quantity: burnt } of stack.reverse()) {
    if (missing === 0) break;
    const returned = Math.min(missing, burnt);
    missing -= returned;
    returnedTo.set(grantId, (returnedTo.get(grantId) ?? 0) + returned);
  }
  return {
    // A grant that was filled again may get more units back than it has burnt since.
    grants: grants.map((state) =>
      returnedTo.has(state.grant.id)
        ? { ...state, balance: capped(state.balance + returnedTo.get(state.grant.id)!) }
        : state,
    ),
    burns: [...returnedTo].map(([grantId, returned]) => ({ grantId, quantity: -returned })),
    returned: quantity - missing,
  };
}

function removeFrom(stack: Burn[], grantId: string, quantity: number): void {
  let missing = quantity;
  for (let index = stack.length - 1; index >= 0 && missing > 0; index--) {
    const entry = stack[index]!;
    if (entry.grantId !== grantId) continue;
    const taken = Math.min(missing, entry.quantity);
    entry.quantity -= taken;
    missing -= taken;
  }
}

/**
 * Applies activations and recurrences up to `upTo`, inclusive, each at its own instant. A newly filled grant first
 * covers units that were used before without being covered.
 *
 * @returns the grants, and how many of the `uncovered` units each has covered
 */
export function accrueGrants(
  grants: GrantState[],
  upTo: Date,
  uncovered: number,
): { grants: GrantState[]; covered: Coverage[] } {
  const fillings = grants.flatMap((state, index) => fillingsOf(state, upTo).map((at) => ({ at, index, state })));
  if (fillings.length === 0 && grants.every(({ accruedUntil }) => accruedUntil !== null && accruedUntil >= upTo))
    return { grants, covered: [] };
  const balances = grants.map(({ balance }) => balance);
  const covered: Coverage[] = [];
  let remaining = uncovered;
  for (const { index, state, at } of fillings.sort(
    (one, other) => one.at.getTime() - other.at.getTime() || burnOrder(one.state, other.state),
  )) {
    const units = Math.min(remaining, state.grant.quantity);
    balances[index] = state.grant.quantity - units;
    remaining -= units;
    if (units > 0) covered.push({ grantId: state.grant.id, quantity: units, at });
  }
  const accrued = grants.map((state, index) => ({
    ...state,
    balance: balances[index]!,
    accruedUntil: later(state.accruedUntil, upTo),
  }));
  return { grants: accrued, covered };
}

/** Ends a window: the balance of each grant that was active before rolls over within the grant's bounds. */
export function reset(grants: GrantState[], at: Date): GrantState[] {
  return grants.map((state) => {
    const { grant, balance } = state;
    if (grant.effectiveAt >= at || !isActive(grant, at)) return state;
    return { ...state, balance: Math.min(grant.rolloverMax ?? Infinity, Math.max(grant.rolloverMin, balance)) };
  });
}

/** The instants at which the grant is filled, after it was last accrued and up to `upTo`, inclusive. */
function fillingsOf({ grant, accruedUntil }: GrantState, upTo: Date): Date[] {
  const isNew = (at: Date): boolean =>
    (accruedUntil === null || at > accruedUntil) && at <= upTo && isActive(grant, at);
  const fillings = isNew(grant.effectiveAt) ? [grant.effectiveAt] : [];
  if (!grant.recurrence) return fillings;
  const { anchor, interval, count } = grant.recurrence;
  const cadence: Cadence = { anchor, interval, count, timeZone: grant.timezone };
  const from = accruedUntil === null || accruedUntil < grant.effectiveAt ? grant.effectiveAt : accruedUntil;
  for (
    let at = periodAt(cadence, upTo).start;
    at > from && fillings.length < MAX_RECURRENCES;
    at = periodAt(cadence, new Date(at.getTime() - 1)).start
  ) {
    // Recurrences before the first activation, or before the anchor, fill nothing.
    if (at >= anchor && isNew(at)) fillings.push(at);
    if (at < anchor) break;
  }
  return fillings;
}

const later = (one: Date | null, other: Date): Date => (one !== null && one > other ? one : other);
