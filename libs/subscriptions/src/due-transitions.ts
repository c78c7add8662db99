import { Injectable } from '@nestjs/common';
import { dueTransitions } from './domain/time.js';
import { isUpcoming, type Subscription } from './domain/subscription.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';
import { type Progress, Transitions } from './transitions.js';

/** Writes down what time has done to subscriptions that the caller's transaction holds. */
@Injectable()
export class DueTransitions {
  constructor(
    private readonly subscriptions: SubscriptionsRepository,
    private readonly transitions: Transitions,
  ) {}

  /**
   * Settles until `until`, or as far as `mostSteps` go in all: then everything up to the instant that it tells is done.
   * @returns what those are now that have changed, and how far it went
   */
  async apply(
    due: Subscription[],
    until: Date,
    mostSteps = Infinity,
  ): Promise<{ settled: Subscription[]; horizon: Date }> {
    const limit = Math.ceil(mostSteps / Math.max(1, due.length));
    const ahead = due.map((before): Progress => ({
      before,
      steps: limit === Infinity ? dueTransitions(before, until) : dueTransitions(before, until, limit),
    }));
    // Where one was cut short, the others wait for it, so that all keeps its order.
    const horizon = ahead.reduce(
      (reached, { steps }) => (steps.length >= limit && steps.at(-1)!.at < reached ? steps.at(-1)!.at : reached),
      until,
    );
    const progresses = ahead.map(({ before, steps }) => ({ before, steps: steps.filter(({ at }) => at <= horizon) }));
    const beginning = progresses.filter(({ before }) => isUpcoming(before));
    const others = progresses.filter(({ before }) => !isUpcoming(before));
    const settled = [
      ...(await this.transitions.writePassed(others, horizon)),
      ...(await this.makeRoom(beginning, horizon, due)),
    ];
    return { settled: [...settled, ...(await this.transitions.writePassed(beginning, horizon))], horizon };
  }

  /** A contract begins where another ends: that one is settled first, though nobody asked for it. */
  private async makeRoom(beginning: Progress[], until: Date, held: Subscription[]): Promise<Subscription[]> {
    const known = new Set(held.map(({ id }) => id));
    const before = await this.subscriptions.lockLiveBeside(
      beginning.flatMap(({ before, steps }) => (steps.length > 0 ? [before] : [])),
    );
    const ending = before.filter(({ id }) => !known.has(id));
    return this.transitions.writePassed(
      ending.map((one) => ({ before: one, steps: dueTransitions(one, until) })),
      until,
    );
  }
}
