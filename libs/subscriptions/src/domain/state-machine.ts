import { DomainError } from '@app/kernel';
import {
  LIVE_STATUSES,
  type Subscription,
  type SubscriptionEventType,
  type SubscriptionStatus,
  type Transition,
} from './subscription.js';

type Moves = Partial<Record<SubscriptionStatus, SubscriptionStatus[]>>;

interface Rule {
  /** The command that triggers it; null for due transitions. */
  command: string | null;
  /** Allowed next statuses by current status. */
  moves: Moves;
  /** Statuses from which only dunning makes the step, never a request. */
  byDunning?: readonly SubscriptionStatus[];
}

const stays = (...statuses: readonly SubscriptionStatus[]): Moves =>
  Object.fromEntries(statuses.map((status) => [status, [status]]));

/** All transitions of a subscription. A transition that is not listed is impossible. */
export const STATE_MACHINE: Record<Exclude<SubscriptionEventType, 'subscription.created'>, Rule> = {
  'subscription.started': { command: null, moves: { inactive: ['trialing', 'active'] } },
  'subscription.trial_ended': { command: null, moves: { trialing: ['active'] } },
  'subscription.renewed': {
    command: 'renew',
    moves: { trialing: ['active'], active: ['active'], past_due: ['past_due'] },
  },
  'subscription.plan_changed': {
    command: 'change',
    moves: {
      trialing: ['trialing', 'active'],
      active: ['active'],
      past_due: ['past_due'],
      canceled: ['active', 'trialing'],
    },
  },
  'subscription.change_scheduled': { command: 'change', moves: stays('trialing', 'active', 'past_due') },
  'subscription.cancel_scheduled': {
    command: 'cancel',
    moves: { trialing: ['canceled'], active: ['canceled'], past_due: ['past_due'] },
  },
  'subscription.canceled': {
    command: 'cancel',
    moves: {
      trialing: ['inactive'],
      active: ['inactive'],
      past_due: ['inactive'],
      paused: ['inactive'],
      canceled: ['inactive'],
      inactive: ['inactive'],
    },
  },
  'subscription.resumed': {
    command: 'resume',
    moves: { ...stays('trialing', 'active', 'past_due'), canceled: ['active', 'trialing'] },
  },
  'subscription.paused': {
    command: 'pause',
    moves: { trialing: ['paused'], active: ['paused'], past_due: ['paused'] },
    byDunning: ['past_due'],
  },
  'subscription.unpaused': { command: 'unpause', moves: { paused: ['trialing', 'active'] } },
  'subscription.renewal_agreed': { command: 'renew', moves: stays('trialing', 'active', 'past_due') },
  'subscription.auto_renew_changed': {
    command: 'set-auto-renew',
    moves: stays('trialing', 'active', 'past_due', 'paused'),
  },
  'subscription.extended': { command: 'extend', moves: stays('trialing', 'active', 'past_due', 'canceled') },
  'subscription.billing_anchor_changed': {
    command: 'set-billing-anchor',
    moves: stays('trialing', 'active', 'past_due'),
  },
  'subscription.end_changed': { command: 'set-end', moves: stays('trialing', 'active', 'past_due') },
  'subscription.add_ons_changed': {
    command: 'set-add-ons',
    moves: stays('trialing', 'active', 'past_due'),
  },
  'subscription.past_due': { command: 'mark-past-due', moves: { active: ['past_due'] } },
  'subscription.recovered': { command: 'mark-paid', moves: { past_due: ['active', 'canceled'] } },
  'subscription.reactivated': { command: 'renew', moves: { expired: ['active'], inactive: ['active'] } },
  'subscription.expired': {
    command: null,
    moves: {
      trialing: ['expired'],
      active: ['expired'],
      past_due: ['expired'],
      paused: ['expired'],
      canceled: ['expired'],
    },
  },
  'subscription.trial_ending': { command: null, moves: stays('trialing') },
  'subscription.renewal_upcoming': { command: null, moves: stays('active', 'past_due') },
  'subscription.expiry_upcoming': { command: null, moves: stays('trialing', 'active', 'past_due', 'canceled') },
};

/** Possible statuses of a new subscription. */
const FIRST: readonly SubscriptionStatus[] = ['trialing', 'active', 'inactive'];

const RULES = Object.entries(STATE_MACHINE) as [keyof typeof STATE_MACHINE, Rule][];

const isOffered = ({ command, moves, byDunning = [] }: Rule, status: SubscriptionStatus): boolean =>
  command !== null && moves[status] !== undefined && !byDunning.includes(status);

/** Commands that this status allows. */
export function allowedCommands(status: SubscriptionStatus): string[] {
  return [...new Set(RULES.flatMap((rule) => (isOffered(rule[1], status) ? [rule[1].command!] : [])))].sort();
}

/**
 * @param options.byDunning true: also steps that no request may make
 * @throws DomainError `subscription_ended`, `transition_not_allowed`, both with the allowed commands
 */
export function assertAllowed(
  { status, endedAt }: Subscription,
  type: keyof typeof STATE_MACHINE,
  { byDunning = false } = {},
): void {
  const rule: Rule = STATE_MACHINE[type];
  const isMove = rule.moves[status] !== undefined && (byDunning || !rule.byDunning?.includes(status));
  if (isMove && (endedAt === null) !== (type === 'subscription.reactivated')) return;
  const code = endedAt !== null ? 'subscription_ended' : 'transition_not_allowed';
  throw new DomainError(
    'conflict',
    code,
    `The subscription is ${status}; \`allowed\` lists the commands that it accepts.`,
    {
      subscriptionStatus: status,
      allowed: allowedCommands(status),
    },
  );
}

/** Asserts that a step is in the table; anything else is a bug. @throws Error */
export function assertLegal(before: SubscriptionStatus, { type, subscription: { status } }: Transition): void {
  if (type === 'subscription.created' || !STATE_MACHINE[type].moves[before]?.includes(status))
    throw new Error(`${type} does not lead from ${before} to ${status}.`);
}

/**
 * Checks the table: every status is reachable, every live status can end, every row starts at a reachable status.
 * @throws Error
 */
export function checkStateMachine(rules: readonly [string, Rule][] = RULES): void {
  const reached = new Set<SubscriptionStatus>(FIRST);
  for (let grown = 0; grown !== reached.size;) {
    grown = reached.size;
    for (const [, { moves }] of rules) for (const from of [...reached]) moves[from]?.forEach((to) => reached.add(to));
  }
  const wanted: SubscriptionStatus[] = [...LIVE_STATUSES, 'expired', 'inactive'];
  const unreachable = wanted.filter((status) => !reached.has(status));
  if (unreachable.length > 0) throw new Error(`Nothing leads to ${unreachable.join(', ')}.`);
  const stuck = LIVE_STATUSES.filter(
    (status) => !rules.some(([, { moves }]) => moves[status]?.some((to) => to !== status)),
  );
  if (stuck.length > 0) throw new Error(`Nothing leads away from ${stuck.join(', ')}.`);
  const idle = rules.filter(([, { moves }]) => Object.keys(moves).length === 0);
  if (idle.length > 0) throw new Error(`${idle.map(([type]) => type).join(', ')} can never happen.`);
}
