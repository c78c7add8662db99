import { Injectable } from '@nestjs/common';
import { Clock, type Page, type PageRequest, toPage } from '@app/kernel';
import { Database } from '@app/platform';
import { DeliveriesRepository, type DeliveryFilter } from './deliveries.repository.js';
import type { ChannelName, LoggedDelivery, NewDelivery } from './delivery.js';

/** Enough to look back at, and to send again. */
const KEPT_MS = 30 * 86_400_000;

/** How what waits for one receiver stands; null where all is well. */
export interface LaneState {
  failingSince: Date | null;
  pausedUntil: Date | null;
}

const WELL: LaneState = { failingSince: null, pausedUntil: null };

/** What is to be sent, and what came of it. */
@Injectable()
export class DeliveriesService {
  constructor(
    private readonly deliveries: DeliveriesRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Has messages sent, each once to its receiver, if the caller's transaction commits. */
  async enqueue(deliveries: NewDelivery[]): Promise<void> {
    if (deliveries.length > 0) await this.deliveries.insert(deliveries, this.clock.now());
  }

  /** Has messages sent once more; what is on its way already stays. @returns how many */
  redeliver(deliveries: NewDelivery[]): Promise<number> {
    return this.database.transaction(() => this.deliveries.redeliver(deliveries, this.clock.now()));
  }

  /** The earliest instant at which one is due, in the lanes that do not rest; it may be to come. */
  oldestDue(): Promise<Date | null> {
    return this.deliveries.oldestDue(this.clock.now());
  }

  find(id: string): Promise<LoggedDelivery | null> {
    return this.deliveries.find(id);
  }

  /** Of some messages, those that have arrived in a lane. */
  async arrived(lane: string, messageIds: string[]): Promise<Set<string>> {
    return new Set(await this.deliveries.arrived(lane, messageIds));
  }

  /** Newest first. */
  async list(page: PageRequest, filter: DeliveryFilter): Promise<Page<LoggedDelivery>> {
    return toPage(await this.deliveries.list(page, filter), page.limit);
  }

  async laneStates(lanes: string[]): Promise<(lane: string) => LaneState> {
    const states = new Map((await this.deliveries.laneStates(lanes)).map((state) => [state.lane, state]));
    return (lane) => states.get(lane) ?? WELL;
  }

  /** Forgets that a lane is in trouble: what waits is tried at once. Needs a transaction. */
  refresh(lane: string): Promise<void> {
    return this.deliveries.clearFailures([lane]);
  }

  /** Needs a transaction. */
  deleteMessages(channel: ChannelName, messageIds: string[]): Promise<void> {
    return this.deliveries.deleteMessages(channel, messageIds);
  }

  /** Removes a batch of what was done with a month ago. @returns how many went */
  purge(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - KEPT_MS);
    return this.database.transaction(() => this.deliveries.purge(before));
  }
}
