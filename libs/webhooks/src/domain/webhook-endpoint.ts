import type { PublishedEvent } from '@app/events';

export type DisabledReason = 'by_hand' | 'gone' | 'failing';

/** A URL that receives events, and the filter of its events. */
export interface WebhookEndpoint {
  id: string;
  /** Only events of this product; null: all events, with or without a product. */
  productId: string | null;
  /** Only events of this customer; null: of all customers. */
  customerId: string | null;
  /** The user to notify when the endpoint is disabled. */
  ownerUserId: string | null;
  /** True for the `webhookUrl` in the profile of a user. */
  ofProfile: boolean;
  url: string;
  description: string | null;
  /** Event types, or prefixes: `subscription.*`. Empty: all. */
  types: string[];
  enabled: boolean;
  disabledReason: DisabledReason | null;
  disabledAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** True when the endpoint receives the event. */
export function wants(
  { enabled, productId, customerId, types }: WebhookEndpoint,
  event: Pick<PublishedEvent, 'type' | 'customerId' | 'productIds'>,
): boolean {
  if (!enabled) return false;
  if (productId !== null && !event.productIds.includes(productId)) return false;
  if (customerId !== null && event.customerId !== customerId) return false;
  return types.length === 0 || types.some((type) => type === event.type || type === `${event.type.split('.')[0]!}.*`);
}

/** The endpoint in event payloads. The query of the URL may contain a secret of the receiver, so it is left out. */
export function endpointPayload(
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
