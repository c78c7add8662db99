import { type Cadence, periodAt } from '@app/kernel';
import type { Grant } from '@app/entitlements';

/** What is left of a grant, and up to when its activation, recurrences and resets have been applied. Never touched: null. */
export interface GrantState {
  grant: Grant;
  balance: number;
  accruedUntil: Date | null;
}

/** Units taken from one grant; negative: put back. */
export interface Burn {
  grantId: string;
  quantity: number;
}

/** More recurrences than this between two looks are answered by the last ones alone: each fills the grant up anyway. */
const MAX_RECURRENCES = 1_000;

/** The order in which grants are burnt: priority, then what expires first, then the oldest, then the id. */
export function burnOrder({ grant: one }: GrantState, { grant: other }: GrantState): number {
  return (
    one.priority - other.priority ||
    (one.expiresAt?.getTime() ?? Infinity) - (other.expiresAt?.getTime() ?? Infinity) || // Infinity - Infinity is NaN: falls through
    one.createdAt.getTime() - other.createdAt.getTime() ||
    (one.id < other.id ? -1 : 1)
  );
}

export const isActive = ({ effectiveAt, expiresAt }: Grant, at: Date): boolean =>
  effectiveAt <= at && (expiresAt === null || at < expiresAt);

/** Units that can be burnt at `at`. */
export function balanceOf(grants: GrantState[], at: Date): number {
  return grants.reduce((sum, state) => (isActive(state.grant, at) ? sum + state.balance : sum), 0);
}

/** Takes up to `quantity` units in burn order. What the grants do not cover is left to the caller. */
export function burn(
  grants: GrantState[],
  quantity: number,
  at: Date,
): { grants: GrantState[]; burns: Burn[]; burnt: number } {
  const burns: Burn[] = [];
  let wanted = quantity;
  const left = new Map<GrantState, number>();
  for (const state of grants.filter(({ grant, balance }) => balance > 0 && isActive(grant, at)).sort(burnOrder)) {
    if (wanted === 0) break;
    const taken = Math.min(wanted, state.balance);
    wanted -= taken;
    burns.push({ grantId: state.grant.id, quantity: taken });
    left.set(state, state.balance - taken);
  }
  return {
    grants: grants.map((state) => (left.has(state) ? { ...state, balance: left.get(state)! } : state)),
    burns,
    burnt: quantity - wanted,
  };
}

/** Puts up to `quantity` units back where they came from, newest first. `history` is what was burnt and put back before, oldest first. */
export function unwind(
  grants: GrantState[],
  quantity: number,
  history: Burn[],
): { grants: GrantState[]; burns: Burn[]; returned: number } {
  const stack: Burn[] = [];
  for (const entry of history) {
    if (entry.quantity > 0) stack.push({ ...entry });
    else takeOff(stack, entry.grantId, -entry.quantity);
  }
  const back = new Map<string, number>();
  let wanted = quantity;
  for (const { grantId, quantity: burnt } of stack.reverse()) {
    if (wanted === 0) break;
    const returned = Math.min(wanted, burnt);
    wanted -= returned;
    back.set(grantId, (back.get(grantId) ?? 0) + returned);
  }
  return {
    grants: grants.map((state) =>
      back.has(state.grant.id) ? { ...state, balance: state.balance + back.get(state.grant.id)! } : state,
    ),
    burns: [...back].map(([grantId, returned]) => ({ grantId, quantity: -returned })),
    returned: quantity - wanted,
  };
}

function takeOff(stack: Burn[], grantId: string, quantity: number): void {
  let wanted = quantity;
  for (let index = stack.length - 1; index >= 0 && wanted > 0; index--) {
    const entry = stack[index]!;
    if (entry.grantId !== grantId) continue;
    const taken = Math.min(wanted, entry.quantity);
    entry.quantity -= taken;
    wanted -= taken;
  }
}

/**
 * Applies activations and recurrences up to `upTo`, inclusive, each at its own instant. A grant that becomes full pays first what
 * was used before without being covered.
 * @returns the grants, and what each covered of the uncovered units.
 */
export function accrueGrants(
  grants: GrantState[],
  upTo: Date,
  uncovered: number,
): { grants: GrantState[]; covered: Burn[] } {
  const fillings = grants.flatMap((state, index) => fillingsOf(state, upTo).map((at) => ({ at, index, state })));
  if (fillings.length === 0 && grants.every(({ accruedUntil }) => accruedUntil !== null && accruedUntil >= upTo))
    return { grants, covered: [] };
  const balances = grants.map(({ balance }) => balance);
  const covered: Burn[] = [];
  let owed = uncovered;
  for (const { index, state } of fillings.sort(
    (one, other) => one.at.getTime() - other.at.getTime() || burnOrder(one.state, other.state),
  )) {
    const pays = Math.min(owed, state.grant.quantity);
    balances[index] = state.grant.quantity - pays;
    owed -= pays;
    if (pays > 0) covered.push({ grantId: state.grant.id, quantity: pays });
  }
  const settled = grants.map((state, index) => ({
    ...state,
    balance: balances[index]!,
    accruedUntil: later(state.accruedUntil, upTo),
  }));
  return { grants: settled, covered };
}

/** The end of a window: what is left of each grant that was active before is kept within the bounds that it was given with. */
export function reset(grants: GrantState[], at: Date): GrantState[] {
  return grants.map((state) => {
    const { grant, balance } = state;
    if (grant.effectiveAt >= at || !isActive(grant, at)) return state;
    return { ...state, balance: Math.min(grant.rolloverMax ?? Infinity, Math.max(grant.rolloverMin, balance)) };
  });
}

/** When the grant becomes full, after it was last settled and up to `upTo`, inclusive. */
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
    // A recurrence before the first activation, or from the anchor back, fills nothing.
    if (at >= anchor && isNew(at)) fillings.push(at);
    if (at < anchor) break;
  }
  return fillings;
}

const later = (one: Date | null, other: Date): Date => (one !== null && one > other ? one : other);
