import type { PublishedEvent } from '@app/events';

export type DisabledReason = 'by_hand' | 'gone' | 'failing';

/** Where events are told to, and which. */
export interface WebhookEndpoint {
  id: string;
  /** Only what happens on this product; null: on any, or on none. */
  productId: string | null;
  /** Only what happens to this customer; null: to any. */
  customerId: string | null;
  /** Who is told when it is disabled. */
  ownerUserId: string | null;
  /** The one that a person names in their profile. */
  ofProfile: boolean;
  url: string;
  description: string | null;
  /** Types of events, or the beginnings of some: `subscription.*`. Empty: all. */
  types: string[];
  enabled: boolean;
  disabledReason: DisabledReason | null;
  disabledAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** True when an endpoint is to be told of an event. */
export function wants(
  { enabled, productId, customerId, types }: WebhookEndpoint,
  event: Pick<PublishedEvent, 'type' | 'customerId' | 'productIds'>,
): boolean {
  if (!enabled) return false;
  if (productId !== null && !event.productIds.includes(productId)) return false;
  if (customerId !== null && event.customerId !== customerId) return false;
  return types.length === 0 || types.some((type) => type === event.type || type === `${event.type.split('.')[0]!}.*`);
}

/** What an event tells of an endpoint. A URL may hold a secret of its receiver behind its `?`, so that part stays out. */
export function endpointFacts(
  { url, types, enabled, disabledReason, ownerUserId }: WebhookEndpoint,
  product: string | null,
): object {
  return {
    url: url.split('?')[0],
    types,
    product,
    ownerUserId,
    enabled,
    ...(disabledReason ? { disabledReason } : {}),
  };
}
