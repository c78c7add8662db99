import { Injectable } from '@nestjs/common';
import { type Actor, SYSTEM_ACTOR } from '@app/kernel';
import { Database, Events, type NewEvent } from '@app/platform';
import { assertLegal } from './domain/state-machine.js';
import { factsBefore, type ReminderType, type Subscription, subscriptionFacts, type SubscriptionEventType, type Transition } from './domain/subscription.js';
import { LinesRepository } from './lines.repository.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';

/** A subscription that this transaction holds, and the steps that it takes, in order. */
export interface Progress {
  before: Subscription;
  steps: Transition[];
}

/** Who did it, as the caller says; time is nobody's doing. */
export interface Doing {
  actor: Actor;
  reason?: string;
}

/** What time does, by its event: one row each, in a period, however many try. */
const ACTIONS: Partial<Record<SubscriptionEventType, string>> = {
  'subscription.started': 'start',
  'subscription.trial_ended': 'trial_end',
  'subscription.renewed': 'renewal',
  'subscription.plan_changed': 'change',
  'subscription.expired': 'expiry',
  ...(Object.fromEntries((['subscription.trial_ending', 'subscription.renewal_upcoming', 'subscription.expiry_upcoming'] satisfies ReminderType[]).map((type) => [type, 'reminder'])) as object),
};

/** Writes steps down: the subscription, an event a step, what time has done, and money lines; all in the caller's transaction. */
@Injectable()
export class Transitions {
  constructor(
    private readonly subscriptions: SubscriptionsRepository,
    private readonly lines: LinesRepository,
    private readonly database: Database,
    private readonly events: Events,
  ) {}

  /** What somebody did. `now` is the customer's present. */
  async write(before: Subscription, step: Transition, doing: Doing, now: Date): Promise<Subscription> {
    const after = await this.save([{ before, steps: [step] }], doing, now);
    if (step.lines?.length) await this.lines.insert(after[0]!, step.lines, now);
    return after[0]!;
  }

  /** What time did, to many at once. @returns what they are now */
  async writePassed(progresses: Progress[], now: Date): Promise<Subscription[]> {
    const moved = progresses.filter(({ steps }) => steps.length > 0);
    if (moved.length === 0) return [];
    const after = await this.save(moved, { actor: SYSTEM_ACTOR }, now);
    const actions = moved.flatMap(({ before, steps }) => steps.map((step, index) => actionOf(steps[index - 1]?.subscription ?? before, step, now)));
    await this.database.write(
      `insert into subscription_actions (customer_id, subscription_id, period_start, period_end, action, done_at)
       select customer_id, subscription_id, period_start, period_end, action, done_at from json_to_recordset($1::json)
         as a (customer_id uuid, subscription_id uuid, period_start timestamptz, period_end timestamptz, action text, done_at timestamptz)`,
      [JSON.stringify(actions)],
    );
    return after;
  }

  private async save(progresses: Progress[], doing: Doing, now: Date): Promise<Subscription[]> {
    const changes = progresses.map(({ before, steps }) => ({ before, after: { ...steps.at(-1)!.subscription, updatedAt: now } }));
    await this.subscriptions.update(changes);
    const events = progresses.flatMap(({ before, steps }) => steps.map((step, index) => eventOf(steps[index - 1]?.subscription ?? before, step, doing)));
    await this.events.recordMany(events.sort((one, other) => one.at!.getTime() - other.at!.getTime()));
    return changes.map(({ after }) => after);
  }
}

function eventOf(before: Subscription, step: Transition, { actor, reason }: Doing): NewEvent {
  assertLegal(before.status, step);
  const { subscription: after, type, at, lines } = step;
  return {
    type, actor, reason, at,
    subject: { type: 'subscription', id: after.id },
    customerId: after.customerId,
    before: factsBefore(before, after),
    after: lines?.length ? { ...subscriptionFacts(after), lines } : subscriptionFacts(after),
  };
}

function actionOf({ customerId, id, currentPeriodStart, currentPeriodEnd }: Subscription, { type, at }: Transition, now: Date): object {
  return { customer_id: customerId, subscription_id: id, period_start: currentPeriodStart, period_end: currentPeriodEnd ?? at, action: ACTIONS[type]!, done_at: now };
}
