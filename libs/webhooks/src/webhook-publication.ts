import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DeliveriesService } from '@app/deliveries';
import { EventPublisher, type PublishedEvent } from '@app/events';
import { wants } from './domain/webhook-endpoint.js';
import { WebhookEndpointsRepository } from './webhook-endpoints.repository.js';

/** Fan-out: enqueues one delivery per event and endpoint, in the publishing transaction. */
@Injectable()
export class WebhookPublication implements OnModuleInit {
  constructor(
    private readonly endpoints: WebhookEndpointsRepository,
    private readonly deliveries: DeliveriesService,
    private readonly publisher: EventPublisher,
  ) {}

  onModuleInit(): void {
    this.publisher.subscribe((events) => this.fanOut(events));
  }

  private async fanOut(events: PublishedEvent[]): Promise<void> {
    const listeners = await this.endpoints.listeners([
      ...new Set(events.flatMap(({ customerId }) => customerId ?? [])),
    ]);
    if (listeners.length === 0) return;
    const channel = 'webhook' as const;
    await this.deliveries.enqueue(
      events.flatMap((event) =>
        listeners
          .filter((endpoint) => wants(endpoint, event))
          .map(({ id }) => ({ channel, destination: id, messageId: event.id, type: event.type })),
      ),
    );
  }
}
