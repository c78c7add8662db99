import { Injectable } from '@nestjs/common';
import { Clock, type Page, type PageRequest, toPage } from '@app/kernel';
import { Database } from '@app/platform';
import { DeliveriesRepository, type DeliveryFilter } from './deliveries.repository.js';
import type { ChannelName, LoggedDelivery, NewDelivery } from './delivery.js';

/** Retention of finished deliveries, so that they can be inspected and redelivered. Milliseconds. */
const KEPT_MS = 30 * 86_400_000;

/** Health of one destination; both fields are null when it is healthy. */
export interface DestinationState {
  failingSince: Date | null;
  pausedUntil: Date | null;
}

const HEALTHY: DestinationState = { failingSince: null, pausedUntil: null };

/** Enqueues deliveries and returns their state. */
@Injectable()
export class DeliveriesService {
  constructor(
    private readonly deliveries: DeliveriesRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Enqueues deliveries in the caller's transaction. A message is delivered to a destination at least once if, and only
   * if, that transaction commits; enqueueing it again has no effect.
   * @example
   * await deliveries.enqueue([{ channel: 'webhook', destination: endpointId, messageId: id, type: 'plan.published' }]);
   */
  async enqueue(deliveries: NewDelivery[]): Promise<void> {
    if (deliveries.length > 0) await this.deliveries.insert(deliveries, this.clock.now());
  }

  /**
   * Enqueues finished deliveries again; pending ones stay as they are.
   * @returns the number of deliveries enqueued
   * @example
   * await deliveries.redeliver([{ channel: 'webhook', destination, messageId, type }]);
   */
  redeliver(deliveries: NewDelivery[]): Promise<number> {
    return this.database.transaction(() => this.deliveries.redeliver(deliveries, this.clock.now()));
  }

  /** When the next delivery is due, in the past or future, except for paused destinations; null when none waits. */
  oldestDue(): Promise<Date | null> {
    return this.deliveries.oldestDue(this.clock.now());
  }

  /** Returns a delivery with its log; null when there is none. */
  find(id: string): Promise<LoggedDelivery | null> {
    return this.deliveries.find(id);
  }

  /** Filters message ids to those already delivered to a destination. */
  async deliveredTo(destination: string, messageIds: string[]): Promise<Set<string>> {
    return new Set(await this.deliveries.deliveredTo(destination, messageIds));
  }

  /** Lists deliveries, newest first. */
  async list(page: PageRequest, filter: DeliveryFilter): Promise<Page<LoggedDelivery>> {
    return toPage(await this.deliveries.list(page, filter), page.limit);
  }

  /** Destinations whose last attempt failed, with the failures in a row. */
  failing(): Promise<{ destination: string; failures: number; failingSince: Date }[]> {
    return this.deliveries.failing();
  }

  /** Returns a lookup of the health of these destinations. */
  async destinationStates(destinations: string[]): Promise<(destination: string) => DestinationState> {
    const states = new Map(
      (await this.deliveries.destinationStates(destinations)).map((state) => [state.destination, state]),
    );
    return (destination) => states.get(destination) ?? HEALTHY;
  }

  /** Resets failures and pause of a destination: its deliveries are attempted immediately. Needs a transaction. */
  clearFailures(destination: string): Promise<void> {
    return this.deliveries.clearFailures([destination]);
  }

  /** Deletes the deliveries of messages. Needs a transaction. */
  deleteMessages(channel: ChannelName, messageIds: string[]): Promise<void> {
    return this.deliveries.deleteMessages(channel, messageIds);
  }

  /** Deletes a batch of deliveries that finished more than 30 days ago. @returns the number of rows deleted */
  purge(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - KEPT_MS);
    return this.database.transaction(() => this.deliveries.purge(before));
  }
}
