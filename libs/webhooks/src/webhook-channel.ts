import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Channel, type Delivery, Dispatcher, type Outcome } from '@app/deliveries';
import { SYSTEM_ACTOR } from '@app/kernel';
import { EventFeed } from '@app/events';
import { WebhookEndpointsRepository } from './webhook-endpoints.repository.js';
import { WebhookEndpointsService } from './webhook-endpoints.service.js';
import { WebhookSender } from './webhook-sender.js';

/** Sends deliveries as signed HTTP requests: the channel `webhook`. */
@Injectable()
export class WebhookChannel implements Channel, OnModuleInit {
  constructor(
    private readonly endpoints: WebhookEndpointsRepository,
    private readonly service: WebhookEndpointsService,
    private readonly dispatcher: Dispatcher,
    private readonly feed: EventFeed,
    private readonly sender: WebhookSender,
  ) {}

  onModuleInit(): void {
    this.dispatcher.register('webhook', this);
  }

  async prepare(deliveries: Delivery[]): Promise<(() => Promise<Outcome>)[]> {
    const targets = new Map(
      (await this.endpoints.targets([...new Set(deliveries.map(({ destination }) => destination))])).map((target) => [
        target.id,
        target,
      ]),
    );
    const bodies = await this.feed.bodies([...new Set(deliveries.map(({ messageId }) => messageId))]);
    return deliveries.map(({ destination, messageId }) => {
      const target = targets.get(destination);
      const body = bodies.get(messageId);
      if (!target?.enabled) return () => abandoned('endpoint_disabled');
      if (body === undefined) return () => abandoned('event_not_kept');
      return () => this.sender.send(target, messageId, body);
    });
  }

  giveUp(destination: string, reason: 'gone' | 'failing'): Promise<void> {
    return this.service.giveUp(destination, reason, SYSTEM_ACTOR);
  }
}

const abandoned = (why: string): Promise<Outcome> => Promise.resolve({ result: 'never', why });
