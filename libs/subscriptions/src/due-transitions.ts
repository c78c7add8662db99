import { Injectable } from '@nestjs/common';
import { dueTransitions } from './domain/time.js';
import { isUpcoming, type Subscription } from './domain/subscription.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';
import { type Progress, Transitions } from './transitions.js';

/** Applies due transitions to subscriptions that the caller's transaction has locked. */
@Injectable()
export class DueTransitions {
  constructor(
    private readonly subscriptions: SubscriptionsRepository,
    private readonly transitions: Transitions,
  ) {}

  /**
   * Applies transitions up to `until`, or up to `maxSteps` in total; then everything up to the returned instant is
   * applied.
   * @returns the changed subscriptions and the instant reached
   */
  async apply(
    due: Subscription[],
    until: Date,
    maxSteps = Infinity,
  ): Promise<{ changed: Subscription[]; horizon: Date }> {
    const limit = Math.ceil(maxSteps / Math.max(1, due.length));
    const ahead = due.map((before): Progress => ({
      before,
      steps: limit === Infinity ? dueTransitions(before, until) : dueTransitions(before, until, limit),
    }));
    // When one reaches the step limit, the others wait for it, so that the order is kept.
    const horizon = ahead.reduce(
      (reached, { steps }) => (steps.length >= limit && steps.at(-1)!.at < reached ? steps.at(-1)!.at : reached),
      until,
    );
    const progresses = ahead.map(({ before, steps }) => ({ before, steps: steps.filter(({ at }) => at <= horizon) }));
    const beginning = progresses.filter(({ before }) => isUpcoming(before));
    const others = progresses.filter(({ before }) => !isUpcoming(before));
    const changed = [
      ...(await this.transitions.writeDue(others, horizon)),
      ...(await this.makeRoom(beginning, horizon, due)),
    ];
    return { changed: [...changed, ...(await this.transitions.writeDue(beginning, horizon))], horizon };
  }

  /** A subscription starts where another ends: the due transitions of that one are applied first. */
  private async makeRoom(beginning: Progress[], until: Date, held: Subscription[]): Promise<Subscription[]> {
    const known = new Set(held.map(({ id }) => id));
    const before = await this.subscriptions.lockLiveBeside(
      beginning.flatMap(({ before, steps }) => (steps.length > 0 ? [before] : [])),
    );
    const ending = before.filter(({ id }) => !known.has(id));
    return this.transitions.writeDue(
      ending.map((one) => ({ before: one, steps: dueTransitions(one, until) })),
      until,
    );
  }
}
