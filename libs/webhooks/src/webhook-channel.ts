import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Channel, type Delivery, Dispatcher, type Outcome } from '@app/deliveries';
import { Clock, SYSTEM_ACTOR } from '@app/kernel';
import { EventFeed, Keyring } from '@app/platform';
import { WebhookEndpointsRepository } from './webhook-endpoints.repository.js';
import { SEALED_FOR, WebhookEndpointsService } from './webhook-endpoints.service.js';
import { WebhookSender } from './webhook-sender.js';
import { signedHeaders } from './webhook-signature.js';

const OPENED_MOST = 10_000;

/** Makes requests of deliveries, and signs them. */
@Injectable()
export class WebhookChannel implements Channel, OnModuleInit {
  /** Secrets that were unsealed, by what they were sealed as. */
  private readonly opened = new Map<string, string>();

  constructor(
    private readonly endpoints: WebhookEndpointsRepository,
    private readonly service: WebhookEndpointsService,
    private readonly dispatcher: Dispatcher,
    private readonly feed: EventFeed,
    private readonly sender: WebhookSender,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.dispatcher.register('webhook', this);
  }

  async prepare(deliveries: Delivery[]): Promise<(() => Promise<Outcome>)[]> {
    const targets = new Map((await this.endpoints.targets([...new Set(deliveries.map(({ lane }) => lane))])).map((target) => [target.id, target]));
    const bodies = await this.feed.bodies([...new Set(deliveries.map(({ messageId }) => messageId))]);
    return deliveries.map(({ lane, messageId }) => {
      const target = targets.get(lane);
      const body = bodies.get(messageId);
      if (!target?.enabled) return () => givenUp('endpoint_disabled');
      if (body === undefined) return () => givenUp('event_not_kept');
      const url = new URL(target.url);
      return async () => {
        const at = this.clock.now();
        const previous = target.previousSecret && target.previousSecretUntil! > at ? [target.previousSecret] : [];
        return this.sender.post(url, body, signedHeaders(messageId, at, body, [target.secret, ...previous].map((sealed) => this.open(sealed))));
      };
    });
  }

  giveUp(lane: string, reason: 'gone' | 'failing'): Promise<void> {
    return this.service.giveUp(lane, reason, SYSTEM_ACTOR);
  }

  private open(sealed: Buffer): string {
    const name = sealed.toString('base64');
    let secret = this.opened.get(name);
    if (secret === undefined) {
      if (this.opened.size >= OPENED_MOST) this.opened.clear();
      secret = this.keyring.open(SEALED_FOR, sealed);
      this.opened.set(name, secret);
    }
    return secret;
  }
}

const givenUp = (why: string): Promise<Outcome> => Promise.resolve({ result: 'never', why });
