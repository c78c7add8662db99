import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Database, Metrics } from '@app/platform';
import { type Busy, DeliveriesRepository, type Pause, type DeliveryOutcome } from './deliveries.repository.js';
import type { Attempt, Channel, ChannelName, Delivery, Outcome } from './delivery.js';
import { GIVE_UP_AFTER_MS, restMs, retryDelayMs } from './domain/retry-schedule.js';

/** Nobody else sends what somebody may be at: longer than any attempt takes. */
const LEASE_MS = 60_000;
/** At once for one receiver, in each worker. */
const ROOM = 32;
/** For all of them, in one process; beyond it each still gets one. */
const MAX_CONCURRENT = 2_000;
/** Results are written together. */
const SETTLE_AFTER_MS = 10;
const SETTLE_AGAIN_MS = 1_000;

interface Done {
  delivery: Delivery;
  outcome: Outcome;
  durationMs: number;
  at: Date;
}

/** Sends what is due through its channel and writes down what came of it. */
@Injectable()
export class Dispatcher {
  private readonly logger = new Logger('Dispatcher');
  private readonly channels = new Map<ChannelName, Channel>();
  private readonly busy = new Map<string, number>();
  private readonly underWay = new Set<Promise<void>>();
  private done: Done[] = [];
  /** Something may be due for which there was no room. */
  private full = false;
  private whenRoom: () => void = () => undefined;
  private settling: Promise<void> | null = null;

  constructor(
    private readonly deliveries: DeliveriesRepository,
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  register(name: ChannelName, channel: Channel): void {
    this.channels.set(name, channel);
  }

  /** Claims what is due and begins to send it; waits for no receiver. @returns how many it began */
  async dispatch(): Promise<number> {
    const now = this.clock.now();
    const free = Math.max(1, Math.min(ROOM, MAX_CONCURRENT - this.underWay.size));
    const busy = [...this.busy].map(([lane, attempts]): Busy => ({ lane, attempts }));
    const claimed = await this.database.transaction(() =>
      this.deliveries.claim({ now, until: new Date(now.getTime() + LEASE_MS), busy, room: free }),
    );
    if (claimed.length > 0) await this.begin(claimed);
    this.full = [...this.busy.values()].some((attempts) => attempts >= free);
    return claimed.length;
  }

  /** Calls when there is room again for what had to wait. */
  onRoom(call: () => void): void {
    this.whenRoom = call;
  }

  /** Waits until everything that was begun is written down. */
  async idle(): Promise<void> {
    while (this.underWay.size > 0 || this.settling) await Promise.all([...this.underWay, this.settling]);
  }

  private async begin(claimed: Delivery[]): Promise<void> {
    for (const [name, channel] of this.channels) {
      const batch = claimed.filter((delivery) => delivery.channel === name);
      if (batch.length === 0) continue;
      const attempts = await channel.prepare(batch);
      batch.forEach((delivery, index) => this.track(delivery, attempts[index]!));
    }
  }

  private track(delivery: Delivery, send: () => Promise<Outcome>): void {
    const { lane } = delivery;
    this.busy.set(lane, (this.busy.get(lane) ?? 0) + 1);
    const running = this.attempt(delivery, send).then((done) => {
      const left = this.busy.get(lane)! - 1;
      if (left === 0) this.busy.delete(lane);
      else this.busy.set(lane, left);
      this.done.push(done);
      this.settling ??= this.settleSoon();
    });
    this.underWay.add(running);
    void running.finally(() => this.underWay.delete(running));
  }

  private async attempt(delivery: Delivery, send: () => Promise<Outcome>): Promise<Done> {
    const began = performance.now();
    const at = this.clock.now();
    const outcome = await send().catch((error: unknown): Outcome => {
      this.logger.error(`An attempt failed by our own fault: ${error instanceof Error ? error.stack : String(error)}`);
      return { result: 'retry', why: 'internal_error' };
    });
    const durationMs = performance.now() - began;
    this.metrics.deliveries.inc({ channel: delivery.channel, result: outcome.result });
    this.metrics.deliverySeconds.observe({ channel: delivery.channel }, durationMs / 1_000);
    return { delivery, outcome, at, durationMs: Math.round(durationMs) };
  }

  private async settleSoon(): Promise<void> {
    let wait = SETTLE_AFTER_MS;
    while (this.done.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      const batch = this.done.splice(0);
      try {
        await this.database.transaction(() => this.write(batch));
        wait = SETTLE_AFTER_MS;
        if (this.full) this.whenRoom();
      } catch (error) {
        // What cannot be written down before its lease is over is sent once more: at least once is what is promised.
        const limit = this.clock.now().getTime() - LEASE_MS;
        this.done.unshift(...batch.filter(({ at }) => at.getTime() > limit));
        this.logger.warn(
          `What was sent is not written down yet: ${error instanceof Error ? error.message : String(error)}`,
        );
        wait = SETTLE_AGAIN_MS;
      }
    }
    this.settling = null;
  }

  private async write(batch: Done[]): Promise<void> {
    const now = this.clock.now();
    await this.deliveries.recordOutcomes(
      batch.map((done) => outcomeRowOf(done, now)),
      now,
    );
    const answered = new Set(
      batch.filter(({ outcome }) => outcome.result === 'delivered').map(({ delivery }) => delivery.lane),
    );
    if (answered.size > 0) await this.deliveries.clearFailures([...answered]);
    const asked = batch.flatMap(({ delivery: { lane }, outcome: { pauseMs } }) =>
      pauseMs ? [{ lane, ms: pauseMs }] : [],
    );
    const rests = await this.countFailures(
      batch.filter(({ delivery, outcome }) => outcome.result === 'retry' && !answered.has(delivery.lane)),
      now,
    );
    if (asked.length + rests.length > 0) await this.deliveries.pause([...asked, ...rests], now);
    for (const [lane, channel] of channelsOf(batch.filter(({ outcome }) => outcome.result === 'gone')))
      await this.channels.get(channel)!.giveUp?.(lane, 'gone');
  }

  /** @returns which lanes are to rest */
  private async countFailures(failed: Done[], now: Date): Promise<Pause[]> {
    if (failed.length === 0) return [];
    const channels = channelsOf(failed);
    const rests: Pause[] = [];
    // What fails together counts once: a receiver that is away for a second is not one that has failed a hundred times.
    for (const { lane, failures, failingSince } of await this.deliveries.countFailures([...channels.keys()], now)) {
      const channel = this.channels.get(channels.get(lane)!)!;
      if (channel.giveUp && now.getTime() - failingSince.getTime() >= GIVE_UP_AFTER_MS)
        await channel.giveUp(lane, 'failing');
      else if (restMs(failures) > 0) rests.push({ lane, ms: restMs(failures) });
    }
    return rests;
  }
}

/** The lanes of what was sent, each with its channel. */
const channelsOf = (batch: Done[]): Map<string, ChannelName> =>
  new Map(batch.map(({ delivery }) => [delivery.lane, delivery.channel]));

function outcomeRowOf({ delivery, outcome, durationMs, at }: Done, now: Date): DeliveryOutcome {
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
