import { describe, expect, it } from '@jest/globals';
import type { UsagePrice } from '@app/catalog';
import { decimalText, grouped, plus, rational, rounded, totalOf } from '@app/kernel';
import fc from 'fast-check';
import { rate } from './rating.js';
import { changesOf, type SharedRounding, type UsageChange, type UsageCharge } from './usage-changes.js';
import { usageLines } from './usage-lines.js';
import { type JudgedSpan, judgeValue, judgeWindow, type UsageStep } from './usage-spans.js';
import { distinctInstants, type TermsSpan } from './usage-terms.js';

const at = (hours: number): Date => new Date(Date.UTC(2027, 0, 1) + hours * 3_600_000);
const PLAN = { key: 'pro', name: 'Pro', version: 1 };
const PRICE: UsagePrice = { model: 'per_unit', unitAmount: '0.005', currency: 'USD' };
const TIERS: UsagePrice = {
  model: 'graduated',
  tiers: [
    { upTo: 10, unitAmount: '0.33', flatAmount: '1' },
    { upTo: null, unitAmount: '0.125' },
  ],
  currency: 'USD',
};
const PACKAGES: UsagePrice = { model: 'package', packageSize: 7, amount: '0.999', currency: 'USD' };

/** A window of `HOURS` hours: usage, corrections and grants in it, each at an hour. */
const HOURS = 60;
interface Entry {
  hour: number;
  units: number;
  opening?: boolean;
}

/** The result of the database for a window: steps between cuts. */
function stepsOf(entries: Entry[], cuts: Date[]): UsageStep[] {
  const steps = new Map<number, UsageStep>();
  for (const { hour, units, opening } of entries) {
    const step = cuts.filter((cut) => cut <= at(hour)).length;
    const known = steps.get(step) ?? { step, units: 0, opening: 0 };
    steps.set(step, opening ? { ...known, opening: known.opening + units } : { ...known, units: known.units + units });
  }
  return [...steps.values()];
}

const hours = fc.integer({ min: 0, max: HOURS - 1 });
const cutsArbitrary = fc.uniqueArray(fc.integer({ min: 1, max: HOURS - 1 }), { maxLength: 6 });
const limits = fc.option(fc.integer({ min: 0, max: 60 }), { freq: 8 });
const prices = fc.constantFrom<UsagePrice | null>(PRICE, PRICE, TIERS, PACKAGES, null);

/** Terms that change at random hours. */
const termsArbitrary = fc
  .tuple(cutsArbitrary, fc.array(fc.record({ limit: limits, price: prices }), { minLength: 7, maxLength: 7 }))
  .map(([cuts, parts]): TermsSpan[] => {
    const starts = [0, ...cuts.sort((one, other) => one - other)];
    return starts.map((hour, index) => ({
      start: at(hour),
      end: at(starts[index + 1] ?? HOURS),
      plan: { ...PLAN, version: index },
      ...parts[index]!,
    }));
  });

const periodsOf = (cuts: number[], end = HOURS) => {
  const ends = [...cuts.filter((cut) => cut < end).sort((one, other) => one - other), end];
  return ends.map((hour, index) => ({ start: at(ends[index - 1] ?? 0), end: at(hour) }));
};

const rulesOf = (terms: TermsSpan[], periods: { start: Date; end: Date }[]) => ({
  cuts: distinctInstants(
    [...periods.flatMap(({ start, end }) => [start, end]), ...terms.map(({ start }) => start)].filter(
      (cut) => cut <= periods.at(-1)!.end,
    ),
  ),
  terms,
  periods,
});

const judge = (entries: Entry[], terms: TermsSpan[], periods: { start: Date; end: Date }[]): JudgedSpan[] => {
  const rules = rulesOf(terms, periods);
  const until = rules.cuts.at(-1)!;
  const steps = stepsOf(
    entries.filter(({ hour }) => at(hour) < until),
    rules.cuts,
  );
  return judgeWindow(
    { windowStart: at(0), windowEnd: at(HOURS), level: totalOf(entries, 'units'), complete: true, steps },
    rules,
  );
};

/**
 * The model: a stack of single units, each judged when it is used, by its height and the limit of then. A correction
 * takes the newest units off. Between cuts only the difference counts.
 */
function model(entries: Entry[], terms: TermsSpan[], { cuts }: { cuts: Date[] }): Map<number, number> {
  const stack: { span: number; beyond: boolean }[] = [];
  let debt = 0;
  for (let index = 0; index + 1 < cuts.length; index++) {
    const own = entries.filter(({ hour }) => at(hour) >= cuts[index]! && at(hour) < cuts[index + 1]!);
    const inForce = terms.find(({ start, end }) => start <= cuts[index]! && cuts[index]! < end)!;
    for (const opened of [true, false]) {
      let units = totalOf(
        own.filter(({ opening = false }) => opening === opened),
        'units',
      );
      for (; units > 0; units--) {
        if (debt > 0) debt--;
        else {
          const beyond =
            !opened && inForce.price !== null && inForce.limit !== null && stack.length + 1 > inForce.limit;
          stack.push({ span: index, beyond });
        }
      }
      for (; units < 0; units++) if (!stack.pop()) debt++;
    }
  }
  const bySpan = new Map<number, number>();
  for (const { span, beyond } of stack) if (beyond) bySpan.set(span, (bySpan.get(span) ?? 0) + 1);
  return bySpan;
}

/** Usage that is never taken back below zero: as corrections in the ledger are. */
const entriesArbitrary = fc
  .array(fc.record({ hour: hours, units: fc.integer({ min: -15, max: 30 }), opening: fc.boolean() }), { maxLength: 25 })
  .map((entries) => {
    let level = 0;
    const kept: Entry[] = [];
    for (const { hour, units, opening } of [...entries].sort((one, other) => one.hour - other.hour)) {
      if (units === 0 || level + units < 0) continue;
      level += units;
      kept.push({ hour, units, opening: opening && units > 10 });
    }
    return kept;
  });

/** Charges as they are stored: changes added to what was there. */
function store(stored: UsageCharge[], changes: UsageChange[]): UsageCharge[] {
  const result = stored.map((charge) => ({ ...charge }));
  for (const change of changes) {
    const known = result.find(
      (charge) =>
        charge.windowStart.getTime() === change.windowStart.getTime() &&
        charge.start.getTime() === change.start.getTime() &&
        charge.plan.version === change.plan.version &&
        charge.periodEnd.getTime() === change.periodEnd.getTime() &&
        JSON.stringify(charge.price) === JSON.stringify(change.price),
    );
    if (!known) result.push({ ...change });
    else
      Object.assign(known, {
        units: known.units + change.units,
        amount: known.amount + change.amount,
        exact: change.exact === null ? null : decimalText(plus(rational(known.exact ?? '0'), rational(change.exact))),
        revision: change.revision,
      });
  }
  return result;
}

/** The shared rounding of each line, as it is stored. */
const sharedOf = (stored: UsageCharge[]): SharedRounding[] =>
  [
    ...grouped(
      stored.filter(({ exact }) => exact !== null),
      ({ periodEnd, plan, price }) => JSON.stringify([periodEnd, plan.version, price]),
    ).values(),
  ].map((own) => ({
    ...own[0]!,
    amount: totalOf(own, 'amount'),
    exact: decimalText(own.map(({ exact }) => rational(exact!)).reduce(plus)),
  }));

describe('units beyond the limit', () => {
  it('are those of a model that judges each unit by the limit of its time', () => {
    fc.assert(
      fc.property(entriesArbitrary, termsArbitrary, cutsArbitrary, (entries, terms, cuts) => {
        const rules = rulesOf(terms, periodsOf(cuts));
        const expected = model(entries, terms, rules);
        const spans = judge(entries, terms, rules.periods);
        for (const { start, units } of spans)
          expect(units).toBe(expected.get(rules.cuts.findIndex((cut) => cut.getTime() === start.getTime())) ?? 0);
        expect(totalOf(spans, 'units')).toBe([...expected.values()].reduce((sum, units) => sum + units, 0));
      }),
      { numRuns: 3_000 },
    );
  });

  it('are the same in total wherever a window is cut, while terms do not change', () => {
    const single = (limit: number): TermsSpan[] => [{ start: at(0), end: at(HOURS), plan: PLAN, limit, price: PRICE }];
    fc.assert(
      fc.property(entriesArbitrary, fc.integer({ min: 0, max: 80 }), cutsArbitrary, (entries, limit, cuts) => {
        const used = entries.filter(({ opening }) => !opening);
        const whole = Math.max(0, totalOf(used, 'units') - limit);
        fc.pre(totalOf(used, 'units') >= 0);
        expect(totalOf(judge(used, single(limit), periodsOf(cuts)), 'units')).toBe(whole);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are charged once, in amounts that sum up to the whole, however late usage is reported', () => {
    const reports = fc.array(fc.tuple(entriesArbitrary, fc.integer({ min: 1, max: HOURS })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(reports, termsArbitrary, cutsArbitrary, (batches, terms, cuts) => {
        let stored: UsageCharge[] = [];
        let known: Entry[] = [];
        let billed = 0;
        let lines = 0;
        for (const [entries, until] of [...batches.sort(([, one], [, other]) => one - other), [[], HOURS] as const]) {
          known = [...known, ...entries];
          const spans = judge(known, terms, periodsOf(cuts, until));
          const changes = changesOf(spans, stored, { since: at(0), shared: sharedOf(stored) });
          stored = store(stored, changes);
          const added = usageLines(changes, {
            feature: { key: 'calls', name: 'Calls' },
            currentEnd: at(until),
            terms,
            timezone: 'UTC',
          });
          billed += totalOf(added, 'amount');
          lines += totalOf(added, 'quantity');
        }
        const final = judge(known, terms, periodsOf(cuts));
        expect(lines).toBe(totalOf(final, 'units'));
        expect(totalOf(stored, 'amount')).toBe(billed);
        // All units of the window at one price cost what they cost together.
        const byPrice = new Map<UsagePrice, number>();
        for (const {
          units,
          terms: { price },
        } of final)
          byPrice.set(price!, (byPrice.get(price!) ?? 0) + units);
        const whole = [...byPrice].reduce((sum, [price, units]) => sum + Number(rounded(rate(price, units).exact)), 0);
        expect(billed).toBe(whole);
      }),
      { numRuns: 1_500 },
    );
  });

  it('of the short windows of a period share one rounding', () => {
    const terms: TermsSpan[] = [{ start: at(0), end: at(24), plan: PLAN, limit: 0, price: PRICE }];
    const spans = Array.from({ length: 24 }, (_, hour) => hour).flatMap((hour) =>
      judgeWindow(
        {
          windowStart: at(hour),
          windowEnd: at(hour + 1),
          level: 1,
          complete: true,
          steps: [{ step: 1, units: 1, opening: 0 }],
        },
        { cuts: [at(0), at(24)], terms, periods: [{ start: at(0), end: at(24) }] },
      ),
    );
    const changes = changesOf(spans, [], { since: at(0), shared: [] });
    expect(totalOf(changes, 'units')).toBe(24);
    expect(totalOf(changes, 'amount')).toBe(12);
    // One more unit of one hour, reported late: 25 units cost 12.5, and 12 were charged.
    const late = spans.map((span, index) => (index === 3 ? { ...span, units: 2 } : span)).slice(3, 4);
    const shared = [{ periodEnd: at(24), plan: PLAN, price: PRICE, amount: 12, exact: '12' }];
    const [adjustment] = changesOf(late, [changes[3]!], { since: at(0), shared });
    expect(adjustment).toMatchObject({ units: 1, amount: 1, exact: '0.5', revision: 2 });
  });

  it('at an edge: usage before the window and after its end counts in it', () => {
    const terms: TermsSpan[] = [{ start: at(0), end: at(48), plan: PLAN, limit: 5, price: PRICE }];
    const periods = [{ start: at(0), end: at(48) }];
    const [span] = judgeWindow(
      {
        windowStart: at(24),
        windowEnd: at(48),
        level: 30,
        complete: true,
        steps: [
          { step: 0, units: 10, opening: 0 },
          { step: 1, units: 10, opening: 0 },
        ],
      },
      { cuts: [at(0), at(48)], terms, periods },
    );
    expect(span).toMatchObject({ start: at(24), end: at(48), units: 25 });
  });
});

describe('a count that is a state', () => {
  const terms: TermsSpan[] = [
    { start: at(0), end: at(12), plan: PLAN, limit: 10, price: PRICE },
    { start: at(12), end: at(48), plan: { ...PLAN, version: 2 }, limit: 100, price: PRICE },
  ];
  const periods = [
    { start: at(0), end: at(24) },
    { start: at(24), end: at(48) },
  ];
  it('is judged by the terms at the end, once', () => {
    const judged = judgeValue({ windowStart: at(0), windowEnd: at(24), end: at(24), value: 150 }, { terms, periods });
    expect(judged).toMatchObject([{ start: at(0), end: at(24), units: 50, terms: { limit: 100 }, period: periods[0] }]);
  });
});
