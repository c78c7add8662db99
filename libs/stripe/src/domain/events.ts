import type { ProviderEvent } from '@app/billing';

/** The members of an event that this service reads. Everything else is only kept with the body. */
interface EventBody {
  id?: unknown;
  type?: unknown;
  livemode?: unknown;
  account?: unknown;
  data?: { object?: EventObject | null } | null;
}

interface EventObject {
  id?: unknown;
  object?: unknown;
  mode?: unknown;
  payment_intent?: unknown;
}

const MAX_LENGTH = 255;
const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH;

/**
 * A verified event of Stripe, reduced; null when it has no id or type.
 * @param live the mode of the secret key: an event of the other mode is foreign, as one of a connected account
 */
export function providerEvent(body: unknown, live: boolean): ProviderEvent | null {
  if (typeof body !== 'object' || body === null) return null;
  const { id, type, livemode, account, data } = body as EventBody;
  if (!isText(id) || !isText(type)) return null;
  const own = livemode === live && (account === undefined || account === null);
  return { id, type, own, about: aboutOf(type, data?.object) };
}

function aboutOf(type: string, object: EventObject | null | undefined): ProviderEvent['about'] {
  if (typeof object !== 'object' || object === null) return { kind: 'unknown' };
  if (object.object === 'payment_intent') return about('charge', object.id);
  // Charges, refunds and disputes name the payment intent that they belong to.
  if (['charge', 'refund', 'dispute'].includes(String(object.object))) return about('charge', object.payment_intent);
  if (object.object === 'payment_method') return about('method', object.id);
  if (type === 'checkout.session.completed' && object.mode === 'setup') return about('setup', object.id);
  return { kind: 'unknown' };
}

const about = (kind: 'charge' | 'method' | 'setup', id: unknown): ProviderEvent['about'] =>
  isText(id) ? { kind, providerId: id } : { kind: 'unknown' };
