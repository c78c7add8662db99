import type { PublishedEvent } from '@app/events';
import { amountOf, type Money, type PriceTiers } from '@app/kernel';
import type { MailTopic } from '@app/users';

/** Kinds of notifications that users receive. */
export const NOTIFICATION_KINDS = [
  'subscription_started',
  'subscription_changed',
  'subscription_cancel_scheduled',
  'subscription_canceled',
  'subscription_renewed',
  'subscription_expired',
  'trial_ending',
  'renewal_upcoming',
  'expiry_upcoming',
  'payment_failed',
  'invoice_issued',
  'invoice_paid',
  'invoice_payment_failed',
  'payment_action_required',
  'payment_method_expiring',
  'usage_nearly_reached',
  'usage_reached',
  'endpoint_disabled',
] as const;
export type NotificationKind = (typeof NOTIFICATION_KINDS)[number];

/** Delivery rules of one kind of notification. */
interface Terms {
  topic: MailTopic;
  /** Also sent by mail when it is about money or needs an action of the user. */
  mailed: (facts: Facts) => boolean;
}

/** Values of an event that the notification texts use. Amounts in minor units, times in RFC 3339. */
export interface Facts {
  at: string;
  plan?: { key: string; name: string };
  formerPlan?: { key: string; name: string };
  price?: Money & { tiers?: PriceTiers };
  quantity?: number;
  status?: string;
  endsAt?: string | null;
  product?: string | null;
  feature?: string;
  used?: number;
  limit?: number;
  url?: string;
  reason?: string;
  /** Number of an invoice. */
  number?: string;
  total?: { amount: number; currency: string };
  /** Next attempt to collect a payment; null: none. */
  nextAttemptAt?: string | null;
  /** Such as `visa •••• 4242`. */
  card?: string;
  /** Month of the expiry, such as `2026-09`. */
  expiry?: string;
}

/** The cost of a period, in minor units. */
export const costOf = ({ price, quantity = 1 }: Facts): number => (price ? amountOf({ price, quantity }) : 0);

const always = (): boolean => true;
/** Billing mails these itself, because not every payer has an account. */
const never = (): boolean => false;
/** A free plan sends no mail: its notification in the application is enough. */
const paid = (facts: Facts): boolean => costOf(facts) > 0 || facts.status === 'trialing';

const TERMS: Record<NotificationKind, Terms> = {
  subscription_started: { topic: 'subscription', mailed: paid },
  subscription_changed: { topic: 'subscription', mailed: always },
  subscription_cancel_scheduled: { topic: 'subscription', mailed: always },
  subscription_canceled: { topic: 'subscription', mailed: always },
  subscription_expired: { topic: 'subscription', mailed: always },
  subscription_renewed: { topic: 'renewal', mailed: paid },
  renewal_upcoming: { topic: 'reminder', mailed: paid },
  trial_ending: { topic: 'reminder', mailed: always },
  expiry_upcoming: { topic: 'reminder', mailed: always },
  payment_failed: { topic: 'payment', mailed: always },
  invoice_issued: { topic: 'payment', mailed: never },
  invoice_paid: { topic: 'payment', mailed: never },
  invoice_payment_failed: { topic: 'payment', mailed: never },
  payment_action_required: { topic: 'payment', mailed: never },
  payment_method_expiring: { topic: 'payment', mailed: never },
  usage_nearly_reached: { topic: 'usage', mailed: always },
  usage_reached: { topic: 'usage', mailed: always },
  endpoint_disabled: { topic: 'operations', mailed: always },
};

const KINDS: Partial<Record<string, NotificationKind>> = {
  'subscription.started': 'subscription_started',
  'subscription.reactivated': 'subscription_started',
  'subscription.plan_changed': 'subscription_changed',
  'subscription.cancel_scheduled': 'subscription_cancel_scheduled',
  'subscription.canceled': 'subscription_canceled',
  'subscription.expired': 'subscription_expired',
  'subscription.trial_ended': 'subscription_renewed',
  'subscription.renewed': 'subscription_renewed',
  'subscription.renewal_upcoming': 'renewal_upcoming',
  'subscription.trial_ending': 'trial_ending',
  'subscription.expiry_upcoming': 'expiry_upcoming',
  'subscription.past_due': 'payment_failed',
  'webhook_endpoint.disabled': 'endpoint_disabled',
  'invoice.finalized': 'invoice_issued',
  'invoice.paid': 'invoice_paid',
  'invoice.payment_failed': 'invoice_payment_failed',
  'invoice.payment_action_required': 'payment_action_required',
  'payment_method.expiring': 'payment_method_expiring',
};
/** An invoice without an amount needs no attention. */
const WITH_AMOUNT: readonly NotificationKind[] = ['invoice_issued', 'invoice_paid'];

/** The kind of notification for an event; null when users are not notified of it. */
export function kindOf(event: Pick<PublishedEvent, 'type' | 'after' | 'actorKind'>): NotificationKind | null {
  // A scheduled subscription notifies the user when it starts.
  if (event.type === 'subscription.created')
    return event.after?.['status'] === 'inactive' ? null : 'subscription_started';
  if (event.type === 'usage.threshold_reached')
    return (event.after?.['percent'] as number) >= 100 ? 'usage_reached' : 'usage_nearly_reached';
  // The failed payment of an invoice has its own notification.
  if (event.type === 'subscription.past_due' && event.actorKind === 'system') return null;
  const kind = KINDS[event.type] ?? null;
  return kind !== null && WITH_AMOUNT.includes(kind) && !((event.after?.['total'] as number) > 0) ? null : kind;
}

export const isMailed = (kind: NotificationKind, facts: Facts): boolean => TERMS[kind].mailed(facts);
export const topicOf = (kind: NotificationKind): MailTopic => TERMS[kind].topic;

export function factsOf({ before, after, at, product, reason }: PublishedEvent): Facts {
  const { plan, price, quantity, status, currentPeriodEnd, feature, used, limit, url, actionUrl, disabledReason } =
    (after ?? {}) as Record<string, never>;
  const formerPlan = (before as { plan?: Facts['plan'] } | null)?.plan;
  return {
    at: at.toISOString(),
    plan,
    formerPlan,
    price,
    quantity,
    status,
    endsAt: currentPeriodEnd,
    product,
    feature,
    used,
    limit,
    url: actionUrl ?? url,
    reason: disabledReason ?? reason ?? undefined,
    ...invoiceOf(after),
    ...cardOf(after),
  };
}

function invoiceOf(after: PublishedEvent['after']): Pick<Facts, 'number' | 'total' | 'nextAttemptAt'> {
  const { number, total, currency, nextAttemptAt } = (after ?? {}) as {
    number?: string;
    total?: number;
    currency?: string;
    nextAttemptAt?: string | null;
  };
  return total === undefined ? {} : { number, total: { amount: total, currency: currency! }, nextAttemptAt };
}

function cardOf(after: PublishedEvent['after']): Pick<Facts, 'card' | 'expiry'> {
  const { type, brand, last4, expiresMonth, expiresYear } = (after ?? {}) as Record<string, string | null | undefined>;
  if (!expiresMonth || !expiresYear) return {};
  return {
    card: `${brand ?? type} ${last4 ? `•••• ${last4}` : ''}`.trim(),
    expiry: `${expiresYear}-${String(expiresMonth).padStart(2, '0')}`,
  };
}
