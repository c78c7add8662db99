import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CustomersService, CustomerTime } from '@app/customers';
import { type Actor, DomainError } from '@app/kernel';
import { Database, isUniqueViolation } from '@app/platform';
import { projectedAt } from './domain/time.js';
import * as commands from './domain/commands/index.js';
import type { When } from './domain/commands/index.js';
import { checkStateMachine } from './domain/state-machine.js';
import { soldPlanOf, type Subscription, type Transition } from './domain/subscription.js';
import { type PlanSelection, PlanSelector } from './plan-selector.js';
import { DueTransitions } from './due-transitions.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';
import { Transitions } from './transitions.js';

/** A command on one subscription: by whom, and the version the caller has seen, if it cares. */
export interface Command {
  subscription: Pick<Subscription, 'id' | 'customerId'>;
  actor: Actor;
  expectedVersion?: number;
  reason?: string;
}

export interface ChangeSelection {
  /** Without a plan: another price of the same one; without an interval too: the plan, version and price that it has. */
  selection: Partial<PlanSelection>;
  quantity?: number;
  when: When;
  /** @default true */
  prorate?: boolean;
}

export interface ChangeCommand extends Command, ChangeSelection {}

/** What a change would do, and to what. Nothing of it is written. */
export interface ChangePreview {
  before: Subscription;
  transition: Transition;
}

/** Everything that changes a running subscription. Each change is one version with one event, in one transaction. */
@Injectable()
export class LifecycleService implements OnModuleInit {
  constructor(
    private readonly subscriptions: SubscriptionsRepository,
    private readonly transitions: Transitions,
    private readonly settlement: DueTransitions,
    private readonly plans: PlanSelector,
    private readonly customers: CustomersService,
    private readonly time: CustomerTime,
    private readonly database: Database,
  ) {}

  onModuleInit(): void {
    checkStateMachine();
  }

  /** @throws DomainError `subscription_ended`, `transition_not_allowed`, `already_on_plan`, `plan_not_found`, `no_price`, `stale` */
  async change(command: ChangeCommand): Promise<Subscription> {
    const decide = await this.deciderOf(command.subscription.id, command);
    return this.apply(command, decide);
  }

  /** What `change` would do now, by the same function. @throws DomainError as change */
  async previewChange(subscription: Pick<Subscription, 'id'>, asked: ChangeSelection): Promise<ChangePreview> {
    const decide = await this.deciderOf(subscription.id, asked);
    const stored = await this.get(subscription.id);
    const now = await this.time.of(stored);
    const before = projectedAt(stored, now);
    return { before, transition: decide(before, now) };
  }

  /** @throws DomainError `subscription_ended`, `already_canceled`, `no_period_end`, `stale` */
  cancel(command: Command, when: When, options: { prorate?: boolean } = {}): Promise<Subscription> {
    return this.apply(command, (current, now) => commands.cancel(current, when, now, options));
  }

  /** @throws DomainError `subscription_ended`, `nothing_to_resume`, `next_contract_exists`, `stale` */
  resume(command: Command): Promise<Subscription> {
    return this.apply(command, async (current, now) => {
      const contracts = current.cancelAtPeriodEnd
        ? await this.subscriptions.newest(current.customerId, current.productId)
        : [];
      if (contracts.some(({ startedAt }) => startedAt > now)) {
        throw new DomainError(
          'conflict',
          'next_contract_exists',
          'Another subscription begins when this one ends; cancel that one first.',
          { subscriptionStatus: current.status },
        );
      }
      return commands.resume(current, now);
    });
  }

  /** @throws DomainError `subscription_ended`, `transition_not_allowed`, `stale` */
  pause(command: Command): Promise<Subscription> {
    return this.apply(command, commands.pause);
  }

  /** @throws DomainError `subscription_ended`, `transition_not_allowed`, `stale` */
  unpause(command: Command): Promise<Subscription> {
    return this.apply(command, commands.unpause);
  }

  /** @throws DomainError `transition_not_allowed`, `renews_by_itself`, `no_period_end`, `subscription_exists`, `superseded`, `stale`, `customer_not_found` */
  async renew(command: Command, when: When): Promise<Subscription> {
    try {
      return await this.database.transaction(async () => {
        // What is over may begin again, but not behind the back of whoever deletes the customer.
        await this.customers.lock(command.subscription.customerId);
        return this.apply(command, async (current, now) => {
          if (current.endedAt !== null && !(await this.subscriptions.isNewest(current))) {
            throw new DomainError(
              'conflict',
              'superseded',
              'The customer has had another subscription on this product since.',
            );
          }
          return commands.renew(current, when, now);
        });
      });
    } catch (error) {
      if (isUniqueViolation(error, 'subscriptions_one_live')) throw subscriptionExists();
      throw error;
    }
  }

  /** @throws DomainError `subscription_ended`, `transition_not_allowed`, `auto_renew_unchanged`, `stale` */
  setAutoRenew(command: Command, autoRenew: boolean): Promise<Subscription> {
    return this.apply(command, (current, now) => commands.setAutoRenew(current, autoRenew, now));
  }

  /** @throws DomainError `subscription_ended`, `transition_not_allowed`, `no_period_end`, `invalid_fields`, `stale` */
  extend(command: Command, to: Date): Promise<Subscription> {
    return this.apply(command, (current, now) => commands.extend(current, to, now));
  }

  /** What a payment has come to. @throws DomainError `subscription_ended`, `transition_not_allowed`, `stale` */
  recordPayment(command: Command, outcome: 'failed' | 'succeeded'): Promise<Subscription> {
    return this.apply(command, outcome === 'failed' ? commands.markPastDue : commands.markPaid);
  }

  /** Ends every subscription of a customer who goes away, those too that have not begun. Needs a transaction. */
  async endAll(customerId: string, actor: Actor): Promise<void> {
    for (const { id } of await this.subscriptions.openOf(customerId)) {
      const current = await this.applyDue(customerId, id);
      const now = await this.time.of(current);
      if (current.endedAt === null)
        await this.transitions.write(current, commands.cancel(current, 'now', now), { actor }, now);
    }
  }

  /** Locks a subscription and writes down what is due, so that a command starts from the truth. Needs a transaction. */
  async applyDue(customerId: string, id: string): Promise<Subscription> {
    const locked = await this.subscriptions.lock(customerId, id);
    if (!locked) throw notFound();
    const { settled } = await this.settlement.apply([locked], await this.time.of(locked));
    return settled.find((one) => one.id === id) ?? locked;
  }

  private apply(
    command: Command,
    decide: (current: Subscription, now: Date) => Transition | Promise<Transition>,
  ): Promise<Subscription> {
    return this.database.transaction(async () => {
      const current = await this.applyDue(command.subscription.customerId, command.subscription.id);
      if (command.expectedVersion !== undefined && command.expectedVersion !== current.version) {
        throw new DomainError('stale', 'stale', 'The subscription has changed since it was read.', {
          currentVersion: current.version,
        });
      }
      const now = await this.time.of(current);
      return this.transitions.write(current, await decide(current, now), command, now);
    });
  }

  /** What a change would be, with the plan as it would be sold now. */
  private async deciderOf(
    id: string,
    { selection, quantity, when, prorate = true }: ChangeSelection,
  ): Promise<(current: Subscription, now: Date) => Transition> {
    const { customerId, productId, planKey, price } = await this.get(id);
    const another =
      selection.plan !== undefined || selection.interval !== undefined || selection.intervalCount !== undefined;
    const chosen = another
      ? await this.plans.choose(customerId, productId, { ...selection, plan: selection.plan ?? planKey }, price)
      : null;
    return (current, now) =>
      commands.change(
        current,
        { plan: chosen?.plan ?? soldPlanOf(current), quantity: quantity ?? current.quantity, when, prorate },
        now,
      );
  }

  private async get(id: string): Promise<Subscription> {
    const subscription = await this.subscriptions.findById(id);
    if (!subscription) throw notFound();
    return subscription;
  }
}

function notFound(): DomainError {
  return new DomainError('not_found', 'subscription_not_found', 'There is no such subscription.');
}

export function subscriptionExists(): DomainError {
  return new DomainError('conflict', 'subscription_exists', 'The customer has a live subscription on this product.');
}
