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

describe('the state machine', () => {
  it('is consistent', () => expect(() => checkStateMachine()).not.toThrow());

  it.each(['past_due', 'paused', 'canceled', 'expired'] as const)('is rejected when %s is unreachable', (status) => {
    expect(() => checkStateMachine(without(status))).toThrow(new RegExp(`Nothing leads to .*${status}`));
  });

  it('is rejected when a live status cannot end or a row is unreachable', () => {
    const stuck = rules.map(
      ([type, { command, moves }]) =>
        [type, { command, moves: { ...moves, paused: moves.paused && ['paused' as const] } }] as const,
    );
    expect(() => checkStateMachine(stuck as unknown as Rules)).toThrow(/Nothing leads away from paused/);
    expect(() => checkStateMachine([...rules, ['subscription.never', { command: null, moves: {} }]])).toThrow(
      /subscription.never can never happen/,
    );
  });

  it('can enter every status and leave every status that is not final', () => {
    for (const status of SUBSCRIPTION_STATUSES) expect(rules.some(([, { moves }]) => moves[status])).toBe(true);
  });

  it('reports the allowed commands', () => {
    expect(allowedCommands('paused')).toEqual(['cancel', 'set-auto-renew', 'unpause']);
    expect(allowedCommands('expired')).toEqual(['renew']);
    expect(allowedCommands('canceled')).toEqual(['cancel', 'change', 'extend', 'resume']);
  });

  it('throws for a step that is not in the table', () => {
    expect(() => assertLegal('active', step('subscription.renewed', 'active'))).not.toThrow();
    expect(() => assertLegal('expired', step('subscription.renewed', 'active'))).toThrow();
    expect(() => assertLegal('active', step('subscription.renewed', 'paused'))).toThrow();
  });
});
