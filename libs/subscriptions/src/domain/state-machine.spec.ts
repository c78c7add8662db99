import { describe, expect, it } from '@jest/globals';
import { allowedCommands, assertLegal, checkStateMachine, STATE_MACHINE } from './state-machine.js';
import { type Subscription, SUBSCRIPTION_STATUSES, type SubscriptionStatus, type Transition } from './subscription.js';

type Rules = Parameters<typeof checkStateMachine>[0];
const rules = Object.entries(STATE_MACHINE);
/** The table, as it would be without what leads to a status. */
const without = (status: SubscriptionStatus): Rules =>
  rules.map(([type, { command, moves }]) => [
    type,
    {
      command,
      moves: Object.fromEntries(Object.entries(moves).map(([from, to]) => [from, to.filter((one) => one !== status)])),
    },
  ]);
const step = (type: Transition['type'], status: SubscriptionStatus): Transition => ({
  type,
  at: new Date(),
  subscription: { status } as Subscription,
});

describe('the table of what may follow what', () => {
  it('is sound', () => expect(() => checkStateMachine()).not.toThrow());

  it.each(['past_due', 'paused', 'canceled', 'expired'] as const)('is refused when nothing leads to %s', (status) => {
    expect(() => checkStateMachine(without(status))).toThrow(new RegExp(`Nothing leads to .*${status}`));
  });

  it('is refused when a live status has no way out, or a row can never happen', () => {
    const stuck = rules.map(
      ([type, { command, moves }]) =>
        [type, { command, moves: { ...moves, paused: moves.paused && ['paused' as const] } }] as const,
    );
    expect(() => checkStateMachine(stuck as unknown as Rules)).toThrow(/Nothing leads away from paused/);
    expect(() => checkStateMachine([...rules, ['subscription.never', { command: null, moves: {} }]])).toThrow(
      /subscription.never can never happen/,
    );
  });

  it('knows a way into and, unless it is over for good, out of every status', () => {
    for (const status of SUBSCRIPTION_STATUSES) expect(rules.some(([, { moves }]) => moves[status])).toBe(true);
  });

  it('tells what is allowed instead', () => {
    expect(allowedCommands('paused')).toEqual(['cancel', 'set-auto-renew', 'unpause']);
    expect(allowedCommands('expired')).toEqual(['renew']);
    expect(allowedCommands('canceled')).toEqual(['cancel', 'change', 'extend', 'resume']);
  });

  it('stops a program that would write down what it does not know', () => {
    expect(() => assertLegal('active', step('subscription.renewed', 'active'))).not.toThrow();
    expect(() => assertLegal('expired', step('subscription.renewed', 'active'))).toThrow();
    expect(() => assertLegal('active', step('subscription.renewed', 'paused'))).toThrow();
  });
});
