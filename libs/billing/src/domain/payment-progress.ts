import type { ProviderCharge } from '../payment-provider.js';
import type { Payment, PaymentStatus } from './payment.js';

/** The change of a payment: null when only details changed, or nothing. */
export type PaymentMove = 'succeeded' | 'failed' | 'requires_action' | 'pending' | null;

export interface PaymentProgress {
  payment: Payment;
  move: PaymentMove;
  isDisputed: boolean;
}

/** Statuses of a payment that brought its money. They never become another one, except by refunds. */
const SETTLED: ReadonlySet<PaymentStatus> = new Set(['succeeded', 'partially_refunded', 'refunded']);
const UNDER_WAY: ReadonlySet<PaymentStatus> = new Set(['pending', 'requires_action']);

/**
 * The payment after the provider reported the state of its charge. A success is final, also after a failure that was
 * reported first; a failure counts only while the outcome is not known. So the order of reports does not matter.
 * @param checkAt when the provider is queried next, should the charge be pending
 */
export function paymentAfter(
  payment: Payment,
  { outcome, disputed }: Pick<ProviderCharge, 'outcome' | 'disputed'>,
  { now, checkAt }: { now: Date; checkAt: Date },
): PaymentProgress {
  const move = moveOf(payment.status, outcome.status);
  const isDisputed = disputed && payment.disputedAt === null;
  const known = {
    ...payment,
    providerId: payment.providerId ?? outcome.providerId,
    disputedAt: isDisputed ? now : payment.disputedAt,
  };
  if (move === null)
    return { payment: isSame(payment, known) ? payment : { ...known, updatedAt: now }, move, isDisputed };
  return {
    payment: {
      ...known,
      status: move,
      failureCode: outcome.status === 'failed' ? outcome.code : null,
      hard: outcome.status === 'failed' && outcome.hard,
      actionUrl: outcome.status === 'requires_action' ? outcome.actionUrl : null,
      checkAt: move === 'pending' ? checkAt : null,
      updatedAt: now,
    },
    move,
    isDisputed,
  };
}

function moveOf(status: PaymentStatus, reported: NonNullable<PaymentMove>): PaymentMove {
  if (SETTLED.has(status) || status === reported) return null;
  return reported === 'succeeded' || UNDER_WAY.has(status) ? reported : null;
}

const isSame = (one: Payment, other: Payment): boolean =>
  one.providerId === other.providerId && one.disputedAt === other.disputedAt;

/** The payment when refunds of this sum were made or requested. */
export function withRefunded(payment: Payment, refunded: number, now: Date): Payment {
  const status = refunded === 0 ? 'succeeded' : refunded === payment.amount ? 'refunded' : 'partially_refunded';
  return { ...payment, refunded, status, updatedAt: now };
}
