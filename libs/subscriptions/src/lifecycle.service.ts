import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CustomersService, CustomerTime } from '@app/customers';
import { type Actor, DomainError, notFound } from '@app/kernel';
import { Database, isUniqueViolation } from '@app/platform';
import { projectedAt } from './domain/time.js';
import * as commands from './domain/commands/index.js';
import type { BillingAnchor, When } from './domain/commands/index.js';
import { checkStateMachine } from './domain/state-machine.js';
import { plannedEnd, soldPlanOf, type Subscription, type Transition } from './domain/subscription.js';
import { type PlanSelection, PlanSelector } from './plan-selector.js';
import { DueTransitions } from './due-transitions.js';
import { ProductTerms } from './product-terms.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';
import { Transitions } from './transitions.js';

/** A command on one subscription: the actor, and optionally the version that the caller has read. */
export interface Command {
  subscription: Pick<Subscription, 'id' | 'customerId'>;
  actor: Actor;
  expectedVersion?: number;
  reason?: string;
}

export interface ChangeSelection {
  /** Without a plan: another price of the current plan. Without plan and interval: plan, version and price as sold. */
  selection: Partial<PlanSelection>;
  quantity?: number;
  when: When;
  /** @default true */
  prorate?: boolean;
}

export interface ChangeCommand extends Command, ChangeSelection {}

export interface RenewCommand extends Command {
  subscription: Pick<Subscription, 'id' | 'customerId' | 'currentPeriodStart'>;
}

/** A previewed change and the subscription before it. Nothing is written. */
export interface ChangePreview {
  before: Subscription;
  transition: Transition;
}

/** Commands on subscriptions. Each change is one version with one event, in one transaction. */
@Injectable()
export class LifecycleService implements OnModuleInit {
  constructor(
    private readonly subscriptions: SubscriptionsRepository,
    private readonly transitions: Transitions,
    private readonly dueTransitions: DueTransitions,
    private readonly plans: PlanSelector,
    private readonly terms: ProductTerms,
    private readonly customers: CustomersService,
    private readonly time: CustomerTime,
    private readonly database: Database,
  ) {}

  onModuleInit(): void {
    checkStateMachine();
  }

  /**
   * Changes plan, interval or quantity, now or at the end of the period. Usage continues to count.
   * @throws DomainError `subscription_ended`, `transition_not_allowed`, `already_on_plan`, `plan_not_found`,
   * `no_price`, `amount_too_large`, `stale`
   * @example await lifecycle.change({ subscription, actor, selection: { plan: 'team' }, quantity: 3, when: 'now' });
   */
  async change(command: ChangeCommand): Promise<Subscription> {
    const decide = await this.deciderOf(command.subscription.id, command);
    return this.apply(command, decide);
  }

  /**
   * Previews `change` with the same function; writes nothing.
   * @throws DomainError the errors of `change`
   * @example
   * const { transition } = await lifecycle.previewChange(subscription, { selection: { plan: 'team' }, when: 'now' });
   * transition.prorationLines; // credits and charges in minor units
   */
  async previewChange(subscription: Pick<Subscription, 'id'>, selection: ChangeSelection): Promise<ChangePreview> {
    return this.preview(subscription.id, await this.deciderOf(subscription.id, selection));
  }

  /**
   * Cancels immediately (`now`) or at the end of the period (`period_end`); until then it stays live.
   * @param options.prorate with `now`: credit the rest of the period; default false
   * @throws DomainError `subscription_ended`, `already_canceled`, `no_period_end`, `stale`
   * @example await lifecycle.cancel({ subscription, actor, reason: 'too expensive' }, 'period_end');
   */
  cancel(command: Command, when: When, options: { prorate?: boolean } = {}): Promise<Subscription> {
    return this.apply(command, (current, now) => commands.cancel(current, when, now, options));
  }

  /**
   * Undoes a scheduled cancellation or change.
   * @throws DomainError `subscription_ended`, `nothing_to_resume`, `next_contract_exists`, `stale`
   * @example await lifecycle.resume({ subscription, actor });
   */
  resume(command: Command): Promise<Subscription> {
    return this.apply(command, commands.resume);
  }

  /**
   * Pauses: the period stops and the features are denied.
   * @throws DomainError `subscription_ended`, `transition_not_allowed`, `stale`
   * @example await lifecycle.pause({ subscription, actor });
   */
  pause(command: Command): Promise<Subscription> {
    return this.apply(command, (current, now) => commands.pause(current, now));
  }

  /**
   * Pauses a subscription whose invoice was not paid, also when it is past due. No request does this.
   * @throws DomainError `subscription_ended`, `transition_not_allowed`
   * @example await lifecycle.pauseUnpaid({ subscription, actor: SYSTEM_ACTOR, reason: 'dunning' });
   */
  pauseUnpaid(command: Command): Promise<Subscription> {
    return this.apply(command, (current, now) => commands.pause(current, now, { byDunning: true }));
  }

  /**
   * Unpauses: the period continues with the time that was left.
   * @throws DomainError `subscription_ended`, `transition_not_allowed`, `stale`
   * @example await lifecycle.unpause({ subscription, actor });
   */
  unpause(command: Command): Promise<Subscription> {
    return this.apply(command, commands.unpause);
  }

  /**
   * Renews manually. `now`: a new period starts immediately. `period_end`: one more period is added to a subscription
   * that does not renew automatically. An ended subscription is reactivated in either case.
   * @param command its `currentPeriodStart` is what the caller has read: concurrent requests renew once
   * @throws DomainError `transition_not_allowed`, `renews_by_itself`, `already_renewed`, `amount_too_large`,
   * `no_period_end`, `subscription_exists`, `superseded`, `stale`, `customer_not_found`
   * @example await lifecycle.renew({ subscription, actor, expectedVersion: 4 }, 'now');
   */
  async renew(command: RenewCommand, when: When): Promise<Subscription> {
    try {
      return await this.database.transaction(async () => {
        // A restart locks the customer, so that it cannot race with the deletion of the customer.
        await this.customers.lock(command.subscription.customerId);
        return this.apply(command, async (current, now) => {
          if (current.endedAt !== null && !(await this.subscriptions.isNewest(current))) {
            throw new DomainError(
              'conflict',
              'superseded',
              'The customer has had a newer subscription on this product; create a new one instead.',
            );
          }
          return commands.renew(current, when, now, command.subscription.currentPeriodStart);
        });
      });
    } catch (error) {
      if (isUniqueViolation(error, 'subscriptions_one_live')) throw subscriptionExists();
      throw error;
    }
  }

  /**
   * Turns automatic renewal on or off. Off: it expires at the end of its period.
   * @throws DomainError `subscription_ended`, `transition_not_allowed`, `auto_renew_unchanged`, `stale`
   * @example await lifecycle.setAutoRenew({ subscription, actor }, false);
   */
  setAutoRenew(command: Command, autoRenew: boolean): Promise<Subscription> {
    return this.apply(command, (current, now) => commands.setAutoRenew(current, autoRenew, now));
  }

  /**
   * Extends the current period or trial to a later end, free of charge.
   * @throws DomainError `subscription_ended`, `transition_not_allowed`, `no_period_end`, `invalid_fields`, `stale`
   * @example await lifecycle.extend({ subscription, actor, reason: 'outage' }, new Date('2026-03-01T00:00:00Z'));
   */
  extend(command: Command, to: Date): Promise<Subscription> {
    return this.apply(command, (current, now) => commands.extend(current, to, now));
  }

  /**
   * Moves the boundaries of the billing periods, now or from the next period on; usage continues to count.
   * @throws DomainError `subscription_ended`, `transition_not_allowed`, `no_period_end`, `subscription_canceled`,
   * `end_agreed`, `periods_agreed`, `billing_anchor_unchanged`, `invalid_fields`, `stale`
   * @example
   * await lifecycle.moveBillingAnchor({ subscription, actor }, { at: { dayOfMonth: 15 }, when: 'now', prorate: true });
   */
  moveBillingAnchor(command: Command, anchor: BillingAnchor): Promise<Subscription> {
    return this.apply(command, (current, now) => commands.moveBillingAnchor(current, anchor, now));
  }

  /**
   * Previews `moveBillingAnchor`; writes nothing.
   * @throws DomainError the errors of `moveBillingAnchor`
   * @example
   * const anchor = { at: { dayOfMonth: 15 }, when: 'now' as const, prorate: true };
   * const { transition } = await lifecycle.previewBillingAnchor(subscription, anchor);
   */
  previewBillingAnchor({ id }: Pick<Subscription, 'id'>, anchor: BillingAnchor): Promise<ChangePreview> {
    return this.preview(id, (current, now) => commands.moveBillingAnchor(current, anchor, now));
  }

  /**
   * Sets, moves or removes the agreed end, at which the subscription ends even within a period.
   * @throws DomainError `subscription_ended`, `transition_not_allowed`, `no_period_end`, `end_unchanged`,
   * `next_contract_exists`, `invalid_fields`, `stale`
   * @example
   * const endsAt = new Date('2027-12-31T23:00:00Z');
   * await lifecycle.setEnd({ subscription, actor }, { endsAt, prorate: true });
   */
  setEnd(command: Command, end: { endsAt: Date | null; prorate: boolean }): Promise<Subscription> {
    return this.apply(command, (current, now) => commands.setEnd(current, end, now));
  }

  /**
   * Adds an add-on of the product, or changes its quantity; its entitlements add to those of the plan immediately. The
   * same quantity again changes nothing.
   * @throws DomainError `subscription_ended`, `transition_not_allowed`, `add_on_not_found`, `too_many_add_ons`, `stale`
   * @example await lifecycle.putAddOn({ subscription, actor }, 'five-seats', 2);
   */
  putAddOn(command: Command, key: string, quantity: number): Promise<Subscription> {
    return this.apply(command, async (current, now) => {
      const content = Object.hasOwn(current.addOns, key) ? null : await this.terms.activeAddOn(current.productId, key);
      return commands.putAddOn(current, { key, quantity, content }, now);
    });
  }

  /**
   * Removes an add-on. Usage continues to count, also beyond the smaller limit.
   * @throws DomainError `subscription_ended`, `transition_not_allowed`, `add_on_not_found`, `stale`
   * @example await lifecycle.removeAddOn({ subscription, actor }, 'five-seats');
   */
  removeAddOn(command: Command, key: string): Promise<Subscription> {
    return this.apply(command, (current, now) => commands.removeAddOn(current, key, now));
  }

  /**
   * Records the outcome of a payment: `failed` makes it past due, with the grace of its product; `succeeded` active
   * again.
   * @throws DomainError `subscription_ended`, `transition_not_allowed`, `stale`
   * @example await lifecycle.recordPayment({ subscription, actor }, 'failed');
   */
  recordPayment(command: Command, outcome: 'failed' | 'succeeded'): Promise<Subscription> {
    return this.apply(command, async (current, now) =>
      outcome === 'failed'
        ? commands.markPastDue(current, await this.terms.pastDueGraceDays(current.productId), now)
        : commands.markPaid(current, now),
    );
  }

  /** Ends every live or scheduled subscription of a customer that is deleted. Needs a transaction. */
  async endAll(customerId: string, actor: Actor): Promise<void> {
    for (const { id } of await this.subscriptions.openOf(customerId)) {
      const current = await this.applyDue(customerId, id);
      const now = await this.time.of(current);
      if (current.endedAt === null)
        await this.transitions.write(current, commands.cancel(current, 'now', now), { actor }, now);
    }
  }

  /**
   * Locks a subscription and applies due transitions, so that a command starts from the current state. Needs a
   * transaction.
   */
  async applyDue(customerId: string, id: string): Promise<Subscription> {
    const locked = await this.subscriptions.lock(customerId, id);
    if (!locked) throw notFound('subscription');
    const { changed } = await this.dueTransitions.apply([locked], await this.time.of(locked));
    return changed.find((one) => one.id === id) ?? locked;
  }

  private apply(
    command: Command,
    decide: (current: Subscription, now: Date) => Transition | null | Promise<Transition | null>,
  ): Promise<Subscription> {
    return this.database.transaction(async () => {
      const current = await this.applyDue(command.subscription.customerId, command.subscription.id);
      if (command.expectedVersion !== undefined && command.expectedVersion !== current.version) {
        throw new DomainError(
          'stale',
          'stale',
          'The subscription has changed since the version in If-Match; read it again.',
          {
            currentVersion: current.version,
          },
        );
      }
      const now = await this.time.of(current);
      const transition = await decide(current, now);
      if (!transition) return current;
      await this.assertRoom(current, transition.subscription, now);
      return this.transitions.write(current, transition, command, now);
    });
  }

  /** A subscription may be scheduled to start where another ends: that end moves no later. */
  private async assertRoom(before: Subscription, after: Subscription, now: Date): Promise<void> {
    const [was, end] = [plannedEnd(before), plannedEnd(after)];
    if (was === null || (end !== null && end <= was)) return;
    const subscriptions = await this.subscriptions.newest(before.customerId, before.productId);
    if (subscriptions.some(({ id, startedAt }) => id !== before.id && startedAt > now && (!end || startedAt < end)))
      throw new DomainError(
        'conflict',
        'next_contract_exists',
        'Another subscription is scheduled to start when this one ends; cancel that one first.',
        { subscriptionStatus: before.status },
      );
  }

  private async preview(id: string, decide: (current: Subscription, now: Date) => Transition): Promise<ChangePreview> {
    const stored = await this.get(id);
    const now = await this.time.of(stored);
    const before = projectedAt(stored, now);
    return { before, transition: decide(before, now) };
  }

  /** Resolves the selection to the plan as sold now, and returns the change. */
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
    if (!subscription) throw notFound('subscription');
    return subscription;
  }
}

export function subscriptionExists(): DomainError {
  return new DomainError(
    'conflict',
    'subscription_exists',
    'The customer already has a live subscription on this product.',
  );
}
