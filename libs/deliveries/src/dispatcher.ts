import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Database, Metrics } from '@app/platform';
import {
  type BusyDestination,
  DeliveriesRepository,
  type Pause,
  type DeliveryOutcome,
} from './deliveries.repository.js';
import type { Attempt, Channel, ChannelName, Delivery, Outcome } from './delivery.js';
import { GIVE_UP_AFTER_MS, backoffMs, retryDelayMs } from './domain/retry-schedule.js';

/** Lease of a claimed delivery in ms. Longer than any attempt, so that no other worker sends it meanwhile. */
const LEASE_MS = 60_000;
/** Concurrent attempts for one destination, in each worker. */
const MAX_PER_DESTINATION = 32;
/** Concurrent attempts of one process. Beyond it, each destination still gets one. */
const MAX_CONCURRENT = 2_000;
/** Results of attempts are collected for this long and stored in one transaction. Milliseconds. */
const FLUSH_DELAY_MS = 10;
const FLUSH_RETRY_MS = 1_000;

interface FinishedAttempt {
  delivery: Delivery;
  outcome: Outcome;
  durationMs: number;
  at: Date;
}

/**
 * Sends due deliveries through their channels and stores the result of each attempt.
 *
 * Any number of workers may run it: a delivery is leased to one of them for `LEASE_MS`.
 */
@Injectable()
export class Dispatcher {
  private readonly logger = new Logger('Dispatcher');
  private readonly channels = new Map<ChannelName, Channel>();
  private readonly busy = new Map<string, number>();
  private readonly inFlight = new Set<Promise<void>>();
  private finished: FinishedAttempt[] = [];
  /** True when due deliveries may be waiting for capacity. */
  private full = false;
  private capacityListener: () => void = () => undefined;
  private flushing: Promise<void> | null = null;

  constructor(
    private readonly deliveries: DeliveriesRepository,
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  register(name: ChannelName, channel: Channel): void {
    this.channels.set(name, channel);
  }

  /**
   * Claims due deliveries and starts their attempts, without waiting for a receiver.
   * @returns the number of attempts started
   * @example
   * while ((await dispatcher.dispatch()) > 0);
   */
  async dispatch(): Promise<number> {
    const now = this.clock.now();
    const free = Math.max(1, Math.min(MAX_PER_DESTINATION, MAX_CONCURRENT - this.inFlight.size));
    const busy = [...this.busy].map(([destination, attempts]): BusyDestination => ({ destination, attempts }));
    const claimed = await this.database.transaction(() =>
      this.deliveries.claim({ now, leaseUntil: new Date(now.getTime() + LEASE_MS), busy, perDestination: free }),
    );
    if (claimed.length > 0) await this.startAttempts(claimed);
    this.full = [...this.busy.values()].some((attempts) => attempts >= free);
    return claimed.length;
  }

  /** Registers the function to call when capacity is free again for waiting deliveries. */
  onCapacity(call: () => void): void {
    this.capacityListener = call;
  }

  /** Resolves when every started attempt has finished and its result is stored. */
  async idle(): Promise<void> {
    while (this.inFlight.size > 0 || this.flushing) await Promise.all([...this.inFlight, this.flushing]);
  }

  private async startAttempts(claimed: Delivery[]): Promise<void> {
    for (const [name, channel] of this.channels) {
      const batch = claimed.filter((delivery) => delivery.channel === name);
      if (batch.length === 0) continue;
      const attempts = await channel.prepare(batch);
      batch.forEach((delivery, index) => this.track(delivery, attempts[index]!));
    }
  }

  private track(delivery: Delivery, send: () => Promise<Outcome>): void {
    const { destination } = delivery;
    this.busy.set(destination, (this.busy.get(destination) ?? 0) + 1);
    const running = this.attempt(delivery, send).then((done) => {
      const left = this.busy.get(destination)! - 1;
      if (left === 0) this.busy.delete(destination);
      else this.busy.set(destination, left);
      this.finished.push(done);
      this.flushing ??= this.flushResults();
    });
    this.inFlight.add(running);
    void running.finally(() => this.inFlight.delete(running));
  }

  private async attempt(delivery: Delivery, send: () => Promise<Outcome>): Promise<FinishedAttempt> {
    const startedAt = performance.now();
    const at = this.clock.now();
    const outcome = await send().catch((error: unknown): Outcome => {
      this.logger.error(
        `Delivery attempt failed with an internal error: ${error instanceof Error ? error.stack : String(error)}`,
      );
      return { result: 'retry', why: 'internal_error' };
    });
    const durationMs = performance.now() - startedAt;
    this.metrics.deliveries.inc({ channel: delivery.channel, result: outcome.result });
    this.metrics.deliverySeconds.observe({ channel: delivery.channel }, durationMs / 1_000);
    return { delivery, outcome, at, durationMs: Math.round(durationMs) };
  }

  private async flushResults(): Promise<void> {
    let wait = FLUSH_DELAY_MS;
    while (this.finished.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      const batch = this.finished.splice(0);
      try {
        await this.database.transaction(() => this.storeResults(batch));
        wait = FLUSH_DELAY_MS;
        if (this.full) this.capacityListener();
      } catch (error) {
        // A result that cannot be stored before its lease expires is dropped; its delivery repeats (at least once).
        const limit = this.clock.now().getTime() - LEASE_MS;
        this.finished.unshift(...batch.filter(({ at }) => at.getTime() > limit));
        this.logger.warn(
          `Failed to store delivery results; will retry: ${error instanceof Error ? error.message : String(error)}`,
        );
        wait = FLUSH_RETRY_MS;
      }
    }
    this.flushing = null;
  }

  private async storeResults(batch: FinishedAttempt[]): Promise<void> {
    const now = this.clock.now();
    await this.deliveries.recordOutcomes(
      batch.map((done) => outcomeRowOf(done, now)),
      now,
    );
    const healthy = new Set(
      batch.filter(({ outcome }) => outcome.result === 'delivered').map(({ delivery }) => delivery.destination),
    );
    if (healthy.size > 0) await this.deliveries.clearFailures([...healthy]);
    const requested = batch.flatMap(({ delivery: { destination }, outcome: { pauseMs } }) =>
      pauseMs ? [{ destination, ms: pauseMs }] : [],
    );
    const backoffs = await this.countFailures(
      batch.filter(({ delivery, outcome }) => outcome.result === 'retry' && !healthy.has(delivery.destination)),
      now,
    );
    if (requested.length + backoffs.length > 0) await this.deliveries.pause([...requested, ...backoffs], now);
    for (const [destination, channel] of channelByDestination(batch.filter(({ outcome }) => outcome.result === 'gone')))
      await this.channels.get(channel)!.giveUp?.(destination, 'gone');
  }

  /** Counts failures per destination. @returns the destinations to pause (backoff) */
  private async countFailures(failed: FinishedAttempt[], now: Date): Promise<Pause[]> {
    if (failed.length === 0) return [];
    const channels = channelByDestination(failed);
    const backoffs: Pause[] = [];
    // Failures in one batch count once: a receiver that is down for one second has not failed a hundred times.
    for (const { destination, failures, failingSince } of await this.deliveries.countFailures(
      [...channels.keys()],
      now,
    )) {
      const channel = this.channels.get(channels.get(destination)!)!;
      if (channel.giveUp && now.getTime() - failingSince.getTime() >= GIVE_UP_AFTER_MS)
        await channel.giveUp(destination, 'failing');
      else if (backoffMs(failures) > 0) backoffs.push({ destination, ms: backoffMs(failures) });
    }
    return backoffs;
  }
}

/** The destinations of a batch, each with its channel. */
const channelByDestination = (batch: FinishedAttempt[]): Map<string, ChannelName> =>
  new Map(batch.map(({ delivery }) => [delivery.destination, delivery.channel]));

function outcomeRowOf({ delivery, outcome, durationMs, at }: FinishedAttempt, now: Date): DeliveryOutcome {
  const { id, attempt } = delivery;
  const log: Attempt = {
    at: at.toISOString(),
    attempt,
    outcome: outcome.why,
    statusCode: outcome.statusCode ?? null,
    durationMs,
  };
  if (outcome.result === 'delivered') return { id, attempt, status: 'delivered', dueAt: null, log };
  const delay = outcome.result === 'retry' ? retryDelayMs(attempt, Math.random()) : null;
  if (delay === null) return { id, attempt, status: 'failed', dueAt: null, log };
  return {
    id,
    attempt,
    status: 'pending',
    dueAt: new Date(now.getTime() + Math.max(delay, outcome.pauseMs ?? 0)),
    log,
  };
}
