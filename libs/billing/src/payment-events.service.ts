import { Injectable, Logger } from '@nestjs/common';
import { Clock, notFound } from '@app/kernel';
import { Database, Metrics } from '@app/platform';
import { isDeletedCustomer, PaymentMethodRecords } from './payment-method-records.js';
import { type PaymentEvent, type PaymentEventOutcome, PaymentEventsRepository } from './payment-events.repository.js';
import { PaymentOutcomes } from './payment-outcomes.js';
import type { PaymentProvider } from './payment-provider.js';
import { PaymentProviders } from './payment-providers.js';

const BATCH = 10;
/** Time that one worker has for a batch; after it another worker may process the same events. Milliseconds. */
const LEASE_MS = 120_000;
/** Attempts over some 16 hours. */
const MAX_ATTEMPTS = 12;
const FIRST_DELAY_MS = 5_000;
const MAX_DELAY_MS = 4 * 3_600_000;
const BACKOFF = 3;
/** Retention of processed events: providers repeat an event for days. Milliseconds. */
const KEPT_MS = 30 * 86_400_000;
const ALERTS = new Set<PaymentEventOutcome>(['foreign', 'unknown']);

/**
 * Inbound events of payment providers. An event is stored when it arrives and processed by a worker: the object that it
 * is about is read from the provider, so that the order and the number of events do not matter.
 */
@Injectable()
export class PaymentEvents {
  private readonly logger = new Logger('PaymentEvents');

  constructor(
    private readonly events: PaymentEventsRepository,
    private readonly providers: PaymentProviders,
    private readonly outcomes: PaymentOutcomes,
    private readonly methods: PaymentMethodRecords,
    private readonly metrics: Metrics,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Verifies an event and stores it. An event that is stored already changes nothing.
   * @throws DomainError `payment_provider_not_found`, `invalid_signature`, `malformed_event`
   * @example await paymentEvents.receive('stripe', rawBody, request.headers);
   */
  async receive(name: string, body: Buffer, headers: Readonly<Record<string, unknown>>): Promise<void> {
    const provider = this.providers.find(name);
    if (!provider?.signatureHeader) throw notFound('payment_provider');
    const signature = headers[provider.signatureHeader];
    const event = provider.readEvent(body, typeof signature === 'string' ? signature : undefined);
    const receivedAt = this.clock.now();
    await this.database.transaction(() =>
      this.events.insert(provider.name, event, { body: body.toString('utf8'), receivedAt, dueAt: receivedAt }),
    );
  }

  /**
   * Processes a batch of due events. Any number of workers may run it: an event is leased, and is due again when its
   * worker dies and the lease expires.
   * @returns the number of events
   */
  async processDue(): Promise<number> {
    const now = this.clock.now();
    const leasedUntil = new Date(now.getTime() + LEASE_MS);
    const batch = await this.database.transaction(() => this.events.claim(now, leasedUntil, BATCH));
    await Promise.all(batch.map((event) => this.process(event)));
    return batch.length;
  }

  /** When the oldest due event was received; null when none waits. */
  oldestWaiting(): Promise<Date | null> {
    return this.events.oldestWaiting(this.clock.now());
  }

  /** Deletes a batch of events processed more than 30 days ago, with their bodies. @returns the number deleted */
  purge(): Promise<number> {
    return this.database.transaction(() => this.events.purge(new Date(this.clock.now().getTime() - KEPT_MS)));
  }

  private async process(event: PaymentEvent): Promise<void> {
    try {
      await this.finish(event, await this.outcomeOf(event));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (event.attempts >= MAX_ATTEMPTS) return this.giveUp(event, reason);
      const delay = Math.min(FIRST_DELAY_MS * BACKOFF ** (event.attempts - 1), MAX_DELAY_MS);
      const at = new Date(this.clock.now().getTime() + delay);
      await this.database.transaction(() => this.events.retryAt(event, at));
      this.logger.log({ message: 'Payment event failed; will retry', ...described(event), reason });
    }
  }

  /** Applies the current state of the object that the event is about. */
  private async outcomeOf({ provider: name, event: { own, about } }: PaymentEvent): Promise<PaymentEventOutcome> {
    if (!own) return 'foreign';
    if (about.kind === 'unknown') return 'ignored';
    const provider = this.providers.get(name);
    if (about.kind === 'charge') {
      const charge = await provider.getCharge(about.providerId);
      return charge ? this.outcomes.apply(name, charge) : 'unknown';
    }
    return this.methodOutcome(provider, about.kind, about.providerId);
  }

  private async methodOutcome(
    provider: PaymentProvider,
    kind: 'setup' | 'method',
    id: string,
  ): Promise<PaymentEventOutcome> {
    const method = kind === 'setup' ? await provider.findSetup(id) : await provider.findMethod(id);
    if (kind === 'setup' && !method) return 'unknown';
    try {
      return await this.methods.synchronize(provider.name, method?.providerId ?? id, method);
    } catch (error) {
      if (isDeletedCustomer(error)) return 'unchanged';
      throw error;
    }
  }

  private async finish(event: PaymentEvent, outcome: PaymentEventOutcome): Promise<void> {
    const { provider, type } = event;
    await this.database.transaction(() => this.events.finish(event, outcome, this.clock.now()));
    this.metrics.paymentEvents.inc({ provider, outcome });
    if (outcome === 'ignored') this.metrics.ignoredPaymentEvents.inc({ provider, type });
    if (ALERTS.has(outcome))
      this.logger.warn({ message: `Payment event is ${outcome}; nothing was changed`, ...described(event) });
  }

  private async giveUp(event: PaymentEvent, reason: string): Promise<void> {
    await this.finish(event, 'failed');
    this.logger.error({ message: 'Payment event failed for the last time', ...described(event), reason });
  }
}

const described = ({ provider, id, type, event, attempts }: PaymentEvent): object => ({
  provider,
  event: id,
  type,
  about: event.about,
  attempts,
});
