import { Injectable } from '@nestjs/common';
import { DeliveriesService, type DeliveryStatus, type LoggedDelivery } from '@app/deliveries';
import {
  Clock,
  DomainError,
  invalidField,
  newId,
  notFound,
  type Page,
  type PageRequest,
  type ScopeFilter,
} from '@app/kernel';
import { EventFeed, FEED_DAYS, type FeedEntry } from '@app/events';
import type { WebhookEndpoint } from './domain/webhook-endpoint.js';
import { WebhookEndpointsRepository } from './webhook-endpoints.repository.js';
import { WebhookSender } from './webhook-sender.js';

const DAY_MS = 86_400_000;
const PAGE = 500;
/** Events per call; the caller continues with `nextAfter`. */
const MAX_REDELIVERED = 50_000;
/** Type of a test message. It is not an event. */
export const TEST_TYPE = 'webhook.test';

export interface DeliveryQuery {
  endpoint?: string;
  status?: DeliveryStatus;
  event?: string;
  type?: string;
}

export interface Redelivery {
  from: Date;
  to: Date;
  /** True: also deliveries that have arrived. */
  all: boolean;
  /** `nextAfter` of the previous call; 0 for the first. */
  after: number;
}

export interface TestResult {
  delivered: boolean;
  outcome: string;
  statusCode: number | null;
  durationMs: number;
}

/** Lists webhook deliveries, redelivers them, and sends test messages. */
@Injectable()
export class WebhookDeliveriesService {
  constructor(
    private readonly endpoints: WebhookEndpointsRepository,
    private readonly deliveries: DeliveriesService,
    private readonly sender: WebhookSender,
    private readonly feed: EventFeed,
    private readonly clock: Clock,
  ) {}

  /** Lists deliveries in scope, newest first. @throws DomainError `webhook_endpoint_not_found` */
  async list(
    page: PageRequest,
    scope: ScopeFilter,
    { endpoint, event, ...filter }: DeliveryQuery,
  ): Promise<Page<LoggedDelivery>> {
    const destinations =
      endpoint === undefined ? await this.endpoints.idsOf(scope) : [(await this.endpoints.get(endpoint, scope)).id];
    return this.deliveries.list(page, { ...filter, destinations, messageId: event });
  }

  /** Returns a delivery with its attempts. @throws DomainError `webhook_delivery_not_found` */
  async get(id: string, scope: ScopeFilter): Promise<LoggedDelivery> {
    const delivery = await this.deliveries.find(id);
    if (!delivery || !(await this.endpoints.find(delivery.destination, scope)))
      throw notFound('webhook_delivery', 'delivery');
    return delivery;
  }

  /**
   * Redelivers one finished delivery, starting with its first attempt.
   * @throws DomainError `webhook_delivery_not_found`, `delivery_pending`, `event_not_kept`, `endpoint_disabled`
   * @example
   * await webhookDeliveries.redeliver(deliveryId, scope);
   */
  async redeliver(id: string, scope: ScopeFilter): Promise<LoggedDelivery> {
    const { destination, messageId, type } = await this.get(id, scope);
    await this.assertEnabled(destination, scope);
    if (!(await this.feed.bodies([messageId])).has(messageId))
      throw new DomainError(
        'conflict',
        'event_not_kept',
        `The event is no longer stored: events are kept for ${FEED_DAYS} days.`,
      );
    const enqueued = await this.deliveries.redeliver([{ channel: 'webhook', destination, messageId, type }]);
    if (enqueued === 0) throw new DomainError('conflict', 'delivery_pending', 'The delivery is already pending.');
    return this.get(id, scope);
  }

  /**
   * Redelivers the events of a time span that were not delivered: attempts failed, or the endpoint was disabled.
   * @returns the number of deliveries enqueued, and where the next call continues; null: the span is complete
   * @throws DomainError `webhook_endpoint_not_found`, `endpoint_disabled`, `invalid_fields`
   */
  async redeliverRange(
    endpointId: string,
    scope: ScopeFilter,
    { from, to, all, after }: Redelivery,
  ): Promise<{ redelivered: number; nextAfter: number | null }> {
    const endpoint = await this.assertEnabled(endpointId, scope);
    if (from >= to) throw invalidField('to', 'must be after from');
    if (this.clock.now().getTime() - from.getTime() > FEED_DAYS * DAY_MS)
      throw invalidField('from', `must be in the last ${FEED_DAYS} days`);
    let redelivered = 0;
    let reached = after;
    for (let seen = 0; seen < MAX_REDELIVERED; seen += PAGE) {
      const entries = await this.feed.between(from, to, endpoint, { after: reached, limit: PAGE });
      redelivered += await this.requeue(endpointId, entries, all);
      if (entries.length < PAGE) return { redelivered, nextAfter: null };
      reached = entries.at(-1)!.position;
    }
    return { redelivered, nextAfter: reached };
  }

  /**
   * Sends a test message immediately, also to a disabled endpoint, and returns the result.
   * @throws DomainError `webhook_endpoint_not_found`
   * @example
   * const { delivered, statusCode } = await webhookDeliveries.test(endpointId, scope);
   */
  async test(id: string, scope: ScopeFilter): Promise<TestResult> {
    await this.endpoints.get(id, scope);
    const [target] = await this.endpoints.targets([id]);
    const messageId = newId();
    const body = JSON.stringify({
      type: TEST_TYPE,
      timestamp: this.clock.now(),
      data: { id: messageId, endpoint: id },
    });
    const startedAt = performance.now();
    const { result, why, statusCode = null } = await this.sender.send(target!, messageId, body);
    return {
      delivered: result === 'delivered',
      outcome: why,
      statusCode,
      durationMs: Math.round(performance.now() - startedAt),
    };
  }

  private async requeue(destination: string, entries: FeedEntry[], all: boolean): Promise<number> {
    const delivered = all
      ? new Set<string>()
      : await this.deliveries.deliveredTo(
          destination,
          entries.map(({ eventId }) => eventId),
        );
    const missing = entries.filter(({ eventId }) => !delivered.has(eventId));
    return missing.length === 0
      ? 0
      : this.deliveries.redeliver(
          missing.map(({ eventId, type }) => ({ channel: 'webhook' as const, destination, messageId: eventId, type })),
        );
  }

  private async assertEnabled(id: string, scope: ScopeFilter): Promise<WebhookEndpoint> {
    const endpoint = await this.endpoints.get(id, scope);
    if (!endpoint.enabled)
      throw new DomainError('conflict', 'endpoint_disabled', 'The endpoint is disabled: enable it first.');
    return endpoint;
  }
}
