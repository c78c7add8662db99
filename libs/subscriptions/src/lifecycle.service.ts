import { Injectable } from '@nestjs/common';
import { type Actor, Clock, DomainError, SYSTEM_ACTOR } from '@app/kernel';
import { Database, Events } from '@app/platform';
import { asOf, dueTransitions } from './domain/advance.js';
import { cancel, change, resume } from './domain/commands.js';
import { isLive, subscriptionFacts, type Subscription, type Transition } from './domain/subscription.js';
import { type PlanWish, PlanChoice } from './plan-choice.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';

/** A command on one subscription: by whom, and the version the caller has seen, if it cares. */
export interface Command {
  subscription: Pick<Subscription, 'id' | 'customerId'>;
  actor: Actor;
  expectedVersion?: number;
  reason?: string;
}

export interface ChangeCommand extends Command {
  wish: PlanWish;
  quantity?: number;
  when: 'now' | 'period_end';
}

const SWEEP_BATCH = 100;

/** Everything that changes a running subscription. Each change is one version with one event, in one transaction. */
@Injectable()
export class LifecycleService {
  constructor(
    private readonly subscriptions: SubscriptionsRepository,
    private readonly plans: PlanChoice,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `subscription_ended`, `already_on_plan`, `plan_not_found`, `no_price`, `stale` */
  async change(command: ChangeCommand): Promise<Subscription> {
    const subscription = await this.subscriptions.findById(command.subscription.id);
    if (!subscription) throw notFound();
    const { plan } = await this.plans.choose(subscription.customerId, subscription.productId, command.wish, subscription.price);
    return this.apply(command, (current, now) => change(current, { plan, quantity: command.quantity ?? current.quantity, when: command.when }, now));
  }

  /** @throws DomainError `subscription_ended`, `already_canceled`, `stale` */
  cancel(command: Command, when: 'now' | 'period_end'): Promise<Subscription> {
    return this.apply(command, (current, now) => cancel(current, when, now));
  }

  /** @throws DomainError `subscription_ended`, `nothing_to_resume`, `stale` */
  resume(command: Command): Promise<Subscription> {
    return this.apply(command, resume);
  }

  /** Ends every live subscription of a customer who goes away. Needs a transaction. */
  async endAll(customerId: string, actor: Actor): Promise<void> {
    for (const { id } of await this.subscriptions.liveOf(customerId)) {
      const current = await this.settle(customerId, id);
      if (isLive(current.status)) await this.write(current, cancel(current, 'now', this.clock.now()), actor);
    }
  }

  /**
   * Writes down what time has done to due subscriptions, a batch at a time, until none is left that another worker does not hold.
   * Any number of workers may run it at once, and any of them may die: each period ends exactly once.
   * @returns how many subscriptions were brought up to date.
   */
  async sweep(): Promise<number> {
    let swept = 0;
    for (;;) {
      const batch = await this.database.transaction(async () => {
        const due = await this.subscriptions.lockDue(this.clock.now(), SWEEP_BATCH);
        // In the order in which usage is locked, so that the two never wait for each other in a circle.
        for (const subscription of due.sort(byCustomer)) await this.bringUpToDate(subscription);
        return due.length;
      });
      swept += batch;
      if (batch < SWEEP_BATCH) return swept;
    }
  }

  /** Locks a subscription and writes down what is due, so that a command starts from the truth. Needs a transaction. */
  async settle(customerId: string, id: string): Promise<Subscription> {
    const locked = await this.subscriptions.lock(customerId, id);
    if (!locked) throw notFound();
    return this.bringUpToDate(locked);
  }

  private apply(command: Command, decide: (current: Subscription, now: Date) => Transition): Promise<Subscription> {
    return this.database.transaction(async () => {
      const current = await this.settle(command.subscription.customerId, command.subscription.id);
      if (command.expectedVersion !== undefined && command.expectedVersion !== current.version) {
        throw new DomainError('stale', 'stale', 'The subscription has changed since it was read.', { currentVersion: current.version });
      }
      const transition = decide(current, this.clock.now());
      await this.write(current, transition, command.actor, command.reason);
      return transition.subscription;
    });
  }

  private async bringUpToDate(subscription: Subscription): Promise<Subscription> {
    let current = subscription;
    for (const transition of dueTransitions(subscription, this.clock.now())) {
      await this.write(current, transition, SYSTEM_ACTOR);
      current = transition.subscription;
    }
    return asOf(current, this.clock.now());
  }

  private async write(before: Subscription, transition: Transition, actor: Actor, reason?: string): Promise<void> {
    const after = { ...transition.subscription, updatedAt: this.clock.now() };
    await this.subscriptions.update(after);
    await this.events.record({
      type: transition.type,
      subject: { type: 'subscription', id: after.id },
      customerId: after.customerId,
      actor,
      reason,
      before: subscriptionFacts(before),
      after: subscriptionFacts(after),
      at: transition.at,
    });
  }
}

const byCustomer = (one: Subscription, other: Subscription): number => (one.customerId < other.customerId ? -1 : 1);

function notFound(): DomainError {
  return new DomainError('not_found', 'subscription_not_found', 'There is no such subscription.');
}
