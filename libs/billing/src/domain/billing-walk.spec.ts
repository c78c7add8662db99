import { eventPayload, type StoredFacts, type Subscription, type Transition } from '@app/subscriptions';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { commands, dueTransitions, soldPlan, startedSubscription } from '../../../../test/support/subscriptions.js';
import { act, live, PLANS, START } from '../../../../test/support/timelines.js';
import { stepsOf, type UnreadStep, walk, type Walked } from './billing-walk.js';
import { type Position, positionOf, stateBefore, storedState, type StoredState } from './position.js';

const at = (text: string): Date => new Date(text);
const soldPlanOf = ({ planId, planVersion, planKey, planName, price }: Subscription) => ({
  ...{ planId, planVersion, planKey, planName, price },
});
const IDENTITY = { id: 's', customerId: 'c', productId: 'p', testClockId: null };
/** A value as the database returns it from a JSON column. */
const asJson = <T>(value: unknown): T => JSON.parse(JSON.stringify(value)) as T;
const start = (): Position => positionOf(IDENTITY, { sequence: 0, state: null });
/** A position as it is written and read again. */
const reread = (position: Position): Position =>
  positionOf(IDENTITY, { sequence: position.sequence, state: asJson<StoredState | null>(storedState(position)) });

/** The events of transitions as they are stored, oldest first. */
const eventsOf = (steps: Transition[]): UnreadStep[] =>
  steps.map(({ type, at: instant, subscription, prorationLines }, index) => ({
    type,
    at: instant,
    sequence: index + 1,
    before: index === 0 ? null : asJson<StoredFacts>(eventPayload(steps[index - 1]!.subscription)),
    after: asJson<StoredFacts>({
      ...eventPayload(subscription),
      ...(prorationLines?.length ? { lines: prorationLines } : {}),
    }),
  }));

const PRICED = { hasPrices: () => true };
const billed = (position: Position, events: UnreadStep[], until: Date): Walked =>
  walk(position, stepsOf(position, events, null), { until, ...PRICED });
/** The facts of charges, without the subscriptions, whose plan ids events do not contain. */
const facts = (charges: Walked['charges']) =>
  charges.map(({ subscription, ...charge }) => [subscription.version, charge]);

const quantityChange = (subscription: Subscription, quantity: number, now: Date): Transition =>
  commands.change(subscription, { plan: soldPlanOf(subscription), quantity, prorate: true, when: 'now' }, now);

const paths = fc.array(act, { maxLength: 12 });

describe('billing of the events of a subscription', () => {
  it('is the same in any number of batches, with the position stored between them', () => {
    fc.assert(
      fc.property(paths, fc.array(fc.nat(30), { maxLength: 4 }), (acts, cuts) => {
        const { at: end, steps } = live(startedSubscription(PLANS[1]!, START), acts);
        const events = eventsOf(steps);
        const whole = billed(start(), events, end);
        let position = start();
        const charges = [...cuts.sort((one, other) => one - other), events.length].flatMap((cut) => {
          const batch = events.filter(({ sequence }) => sequence > position.sequence && sequence <= cut);
          const walked = billed(position, batch, batch.at(-1)?.at ?? START);
          position = reread(walked.position);
          return walked.charges;
        });
        expect(facts(charges)).toEqual(facts(whole.charges));
        expect(position).toEqual(reread(whole.position));
      }),
      { numRuns: 300 },
    );
  });

  it('begins at any event: the subscription before it is its present row with the later events taken back', () => {
    fc.assert(
      fc.property(paths, fc.nat(), (acts, number) => {
        const { steps } = live(startedSubscription(PLANS[1]!, START), acts);
        const first = number % steps.length;
        const present = steps.at(-1)!.subscription;
        const before = stateBefore(present, eventsOf(steps).slice(first));
        if (first === 0) return expect(before).toBeNull();
        const expected = steps[first - 1]!.subscription;
        expect(eventPayload(before!)).toEqual(eventPayload(expected));
      }),
      { numRuns: 300 },
    );
  });

  it('that begins within a period charges no usage of it: it was paid elsewhere', () => {
    const small = startedSubscription(PLANS[1]!, START);
    const changed = quantityChange(small, 2, at('2027-02-10T10:00:00Z'));
    const [, change] = eventsOf([{ type: 'subscription.created', subscription: small, at: START }, changed]);
    const known = { ...start(), sequence: 1 };
    const present = { subscription: changed.subscription, last: 2 };
    const { charges, position } = walk(known, stepsOf(known, [change!], present), { until: change!.at, ...PRICED });
    expect(charges).toMatchObject([{ purpose: 'change' }]);
    expect(position.billedFrom).toEqual(small.currentPeriodEnd);
    const [renewed] = dueTransitions(changed.subscription, small.currentPeriodEnd!).filter(
      ({ type }) => type === 'subscription.renewed',
    );
    const [, , renewal] = eventsOf([changed, changed, renewed!]);
    expect(billed(position, [renewal!], renewal!.at).charges).toMatchObject([{ purpose: 'period', usageFrom: null }]);
  });
});

describe('usage', () => {
  const create = (subscription: Subscription): UnreadStep[] =>
    eventsOf([{ type: 'subscription.created', subscription, at: subscription.startedAt }]);
  const annual = create(startedSubscription(soldPlan('annual', 100, 'year'), at('2026-01-31T00:00:00Z')));

  it('of a longer period is invoiced at each month of it, without an event', () => {
    const { charges, dueAt, position } = billed(start(), annual, at('2026-05-01T00:00:00Z'));
    expect(charges.map(({ purpose, at: instant }) => [purpose, instant.toISOString().slice(0, 10)])).toEqual([
      ['period', '2026-01-31'],
      ['usage', '2026-02-28'],
      ['usage', '2026-03-31'],
      ['usage', '2026-04-30'],
    ]);
    expect(charges[2]!.period).toEqual({ start: at('2026-02-28T00:00:00Z'), end: at('2026-03-31T00:00:00Z') });
    expect(dueAt).toEqual(at('2026-05-31T00:00:00Z'));
    expect(billed(reread(position), [], at('2026-05-30T00:00:00Z')).charges).toEqual([]);
  });

  it('of the months before an event is invoiced before the charges of the event, by the terms until then', () => {
    const first = startedSubscription(soldPlan('annual', 100, 'year'), at('2026-01-31T00:00:00Z'));
    const changed = quantityChange(first, 2, at('2026-04-10T00:00:00Z'));
    const events = eventsOf([{ type: 'subscription.created', subscription: first, at: first.startedAt }, changed]);
    const { charges } = billed(start(), events, at('2026-05-01T00:00:00Z'));
    expect(charges.map(({ purpose, subscription: { quantity } }) => [purpose, quantity])).toEqual([
      ['period', 1],
      ['usage', 1],
      ['usage', 1],
      ['change', 2],
      ['usage', 2],
    ]);
  });

  it.each([
    ['a month', startedSubscription(PLANS[1]!, START)],
    ['a trial', startedSubscription(soldPlan('annual', 100, 'year'), START, { trialDays: 90 })],
  ])('of %s has no separate invoice', (_, subscription) => {
    const { charges, dueAt } = billed(start(), create(subscription), new Date(START.getTime() + 86_400_000));
    expect(charges.filter(({ purpose }) => purpose === 'usage')).toEqual([]);
    expect(dueAt).toBeNull();
  });

  it('without prices is not invoiced', () => {
    const { charges, dueAt } = walk(start(), stepsOf(start(), annual, null), {
      until: at('2026-05-01T00:00:00Z'),
      hasPrices: () => false,
    });
    expect(charges).toMatchObject([{ purpose: 'period', usageFrom: null }]);
    expect(dueAt).toBeNull();
  });

  describe('of a subscription that has ended', () => {
    const small = startedSubscription(PLANS[1]!, START);
    const [created, canceled] = eventsOf([
      { type: 'subscription.created', subscription: small, at: START },
      commands.cancel(small, 'now', new Date(START.getTime() + 86_400_000), {}),
    ]);
    const { position } = billed(start(), [created!, canceled!], canceled!.at);

    it('is read monthly for late events, up to its end', () => {
      const { charges, dueAt } = billed(reread(position), [], at('2028-01-01T00:00:00Z'));
      expect(charges).toHaveLength(4);
      for (const { purpose, period, waits, usageFrom } of charges)
        expect({ purpose, end: period.end, waits, usageFrom }).toEqual({
          ...{ purpose: 'usage', end: canceled!.at, waits: false, usageFrom: START },
        });
      expect(dueAt).toBeNull();
    });

    it('has an invoice when its usage is to be judged again', () => {
      const until = at('2029-01-01T00:00:00Z');
      const later = { ...position, usageAt: at('2028-01-01T00:00:00Z') };
      const { charges } = walk(later, [], { until, rereads: true, ...PRICED });
      expect(charges).toMatchObject([{ purpose: 'usage', at: until, waits: true, period: { end: canceled!.at } }]);
      expect(walk(later, [], { until, ...PRICED }).charges).toEqual([]);
    });
  });
});
