import { Injectable } from '@nestjs/common';
import { type Actor, SYSTEM_ACTOR } from '@app/kernel';
import { Events, type NewEvent } from '@app/events';
import { type ArrayItem, arrayLiteral, Database } from '@app/platform';
import { directionOf } from './domain/direction.js';
import { assertLegal } from './domain/state-machine.js';
import {
  changedFields,
  type Subscription,
  eventPayload,
  type SubscriptionEventType,
  type Transition,
} from './domain/subscription.js';
import { ProrationLinesRepository } from './proration-lines.repository.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';

/** A locked subscription and its steps in order. */
export interface Progress {
  before: Subscription;
  steps: Transition[];
}

/** Actor and reason of a command. Due transitions have the system as actor. */
export interface Attribution {
  actor: Actor;
  reason?: string;
}

/** Due transitions by event: at most one row per period, with any number of workers. */
const ACTIONS: Partial<Record<SubscriptionEventType, string>> = {
  'subscription.started': 'start',
  'subscription.trial_ended': 'trial_end',
  'subscription.renewed': 'renewal',
  'subscription.plan_changed': 'change',
  'subscription.expired': 'expiry',
  'subscription.trial_ending': 'reminder',
  'subscription.renewal_upcoming': 'reminder',
  'subscription.expiry_upcoming': 'reminder',
};

/**
 * Stores steps: the subscription, one event per step, due transitions and proration lines, in the caller's transaction.
 */
@Injectable()
export class Transitions {
  constructor(
    private readonly subscriptions: SubscriptionsRepository,
    private readonly prorationLines: ProrationLinesRepository,
    private readonly database: Database,
    private readonly events: Events,
  ) {}

  /** Stores a command. `now` is the present of the customer. */
  async write(before: Subscription, step: Transition, attribution: Attribution, now: Date): Promise<Subscription> {
    const after = await this.save([{ before, steps: [step] }], attribution, now);
    if (step.prorationLines?.length) await this.prorationLines.insert(after[0]!, step.prorationLines, now);
    return after[0]!;
  }

  /** Stores due transitions of many subscriptions. @returns the updated subscriptions */
  async writeDue(progresses: Progress[], now: Date): Promise<Subscription[]> {
    const moved = progresses.filter(({ steps }) => steps.length > 0);
    if (moved.length === 0) return [];
    const after = await this.save(moved, { actor: SYSTEM_ACTOR }, now);
    const actions = moved.flatMap(({ before, steps }) =>
      steps.map((step, index) => actionOf(steps[index - 1]?.subscription ?? before, step)),
    );
    const column = (read: (action: Action) => ArrayItem): string => arrayLiteral(actions.map(read));
    await this.database.write(
      `insert into subscription_actions (customer_id, subscription_id, period_start, period_end, action, done_at)
       select c, s, b, e, a, $6 from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[]) as u (c, s, b, e, a)`,
      [
        column(({ of }) => of.customerId),
        column(({ of }) => of.id),
        column(({ of }) => of.currentPeriodStart),
        column(({ of, at }) => of.currentPeriodEnd ?? at),
        column(({ action }) => action),
        now,
      ],
    );
    return after;
  }

  private async save(progresses: Progress[], attribution: Attribution, now: Date): Promise<Subscription[]> {
    const changes = progresses.map(({ before, steps }) => ({
      before,
      after: { ...steps.at(-1)!.subscription, updatedAt: now },
    }));
    await this.subscriptions.update(changes);
    const events = progresses.flatMap(({ before, steps }) =>
      steps.map((step, index) => eventOf(steps[index - 1]?.subscription ?? before, step, attribution)),
    );
    await this.events.recordMany(events.sort((one, other) => one.at!.getTime() - other.at!.getTime()));
    return changes.map(({ after }) => after);
  }
}

function eventOf(before: Subscription, step: Transition, { actor, reason }: Attribution): NewEvent {
  assertLegal(before.status, step);
  const { subscription: after, type, at, prorationLines, prorated } = step;
  return {
    type,
    actor,
    reason,
    at,
    subject: { type: 'subscription', id: after.id },
    customerId: after.customerId,
    productId: after.productId,
    before: changedFields(before, after),
    // Time-driven events store only changed fields; replayed on the last full event they reconstruct the subscription.
    after: {
      ...(actor === SYSTEM_ACTOR
        ? { ...changedFields(after, before), price: after.price, quantity: after.quantity }
        : eventPayload(after)),
      ...(type === 'subscription.plan_changed' ? { direction: directionOf(before, after) } : {}),
      ...(prorationLines?.length ? { lines: prorationLines } : {}),
      ...(prorated ? { prorated } : {}),
    },
  };
}

interface Action {
  /** The subscription before the step. */
  of: Subscription;
  action: string;
  at: Date;
}

const actionOf = (of: Subscription, { type, at }: Transition): Action => ({ of, action: ACTIONS[type]!, at });
