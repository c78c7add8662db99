import type { PublishedEvent } from '@app/events';
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
  price?: { amount: number; currency: string };
  quantity?: number;
  status?: string;
  endsAt?: string | null;
  product?: string | null;
  feature?: string;
  used?: number;
  limit?: number;
  url?: string;
  reason?: string;
}

const always = (): boolean => true;
/** A free plan sends no mail: its notification in the application is enough. */
const paid = ({ price, status }: Facts): boolean => (price?.amount ?? 0) > 0 || status === 'trialing';

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
  usage_nearly_reached: { topic: 'usage', mailed: always },
  usage_reached: { topic: 'usage', mailed: always },
  endpoint_disabled: { topic: 'operations', mailed: always },
};

const KINDS: Partial<Record<PublishedEvent['type'], NotificationKind>> = {
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
};

/** The kind of notification for an event; null when users are not notified of it. */
export function kindOf({ type, after }: Pick<PublishedEvent, 'type' | 'after'>): NotificationKind | null {
  // A scheduled subscription notifies the user when it starts.
  if (type === 'subscription.created') return after?.['status'] === 'inactive' ? null : 'subscription_started';
  if (type === 'usage.threshold_reached')
    return (after?.['percent'] as number) >= 100 ? 'usage_reached' : 'usage_nearly_reached';
  return KINDS[type] ?? null;
}

export const isMailed = (kind: NotificationKind, facts: Facts): boolean => TERMS[kind].mailed(facts);
export const topicOf = (kind: NotificationKind): MailTopic => TERMS[kind].topic;

export function factsOf({ before, after, at, product, reason }: PublishedEvent): Facts {
  const { plan, price, quantity, status, currentPeriodEnd, feature, used, limit, url, disabledReason } = (after ??
    {}) as Record<string, never>;
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
    url,
    reason: disabledReason ?? reason ?? undefined,
  };
}
