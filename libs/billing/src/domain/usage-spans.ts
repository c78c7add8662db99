import { type Period, totalOf } from '@app/kernel';
import type { TermsSpan } from './usage-terms.js';

/** Units counted in a window between two cuts. Units that grants covered are left out. */
export interface UsageStep {
  /** The number of cuts at or before the usage. */
  step: number;
  units: number;
  /** Units that repeat usage of windows of another kind: part of the level, but judged there. */
  opening: number;
}

/** One window of one counter. */
export interface UsageWindow {
  windowStart: Date;
  /** Exclusive; null: it never ends. */
  windowEnd: Date | null;
  level: number;
  /** False: it began before the first cut. */
  complete: boolean;
  steps: UsageStep[];
}

/** The rules by which windows are judged. */
export interface UsageRules {
  /** All instants at which terms or billing periods change, oldest first; the last one is the billing instant. */
  cuts: Date[];
  terms: TermsSpan[];
  /** The spans between billing instants, oldest first, without gap. Usage outside of them is not charged. */
  periods: Period[];
}

/** Units beyond the limit that were used in one span of one window. */
export interface JudgedSpan extends Period {
  windowStart: Date;
  windowEnd: Date | null;
  units: number;
  terms: TermsSpan;
  /** The billing period that the span belongs to. */
  period: Period;
}

/**
 * The units beyond the limit of each span of a window: max(0, min(used at end - used at start, used at end - limit)),
 * so that each unit is judged once, by the limit in force when it was used.
 *
 * Used at a cut is the lowest level at that cut and every later one: units that a correction took back, or that a
 * grant covered later, are the newest ones before it, and count in no span. Units from before the window, or after its
 * end by a clock that is ahead, count at its edge.
 */
export function judgeWindow(window: UsageWindow, { cuts, terms, periods }: UsageRules): JudgedSpan[] {
  const spans = spansOf(window, cuts);
  if (spans.length === 0) return [];
  const levels = lowestLevels(levelsOf(window, spans, cuts));
  const judged: JudgedSpan[] = [];
  spans.forEach((span, index) => {
    const period = periods.find(({ start, end }) => start <= span.start && span.start < end);
    const inForce = terms.find(({ start, end }) => start <= span.start && span.start < end);
    if (!period || !inForce?.price) return;
    const [before, after] = [levels[2 * index + 1]!, levels[2 * index + 2]!];
    const { limit } = inForce;
    const units = limit === null ? 0 : Math.max(0, Math.min(after - before, after - limit));
    const { windowStart, windowEnd } = window;
    judged.push({ windowStart, windowEnd, start: span.start, end: span.end, units, terms: inForce, period });
  });
  return judged;
}

/** Units of a window that grants have covered, and its ledger does not have yet. */
export interface WindowCoverage {
  windowStart: Date;
  at: Date;
  units: number;
}

/** A window as it is when coverage is stored. */
export function withCoverage<Window extends UsageWindow>(
  window: Window,
  coverage: WindowCoverage[],
  { cuts }: Pick<UsageRules, 'cuts'>,
): Window {
  const own = coverage.filter(({ windowStart }) => windowStart.getTime() === window.windowStart.getTime());
  if (own.length === 0) return window;
  const counted = own.filter(({ at }) => window.complete || at >= cuts[0]!);
  return {
    ...window,
    level: window.level - totalOf(own, 'units'),
    steps: [
      ...window.steps,
      ...counted.map(({ at, units }) => ({ step: cuts.filter((cut) => cut <= at).length, units: -units, opening: 0 })),
    ],
  };
}

/** True when usage before the first cut was taken back later: earlier spans have other units than were judged. */
export function reachesBack(window: UsageWindow, { cuts }: Pick<UsageRules, 'cuts'>): boolean {
  const spans = window.complete ? [] : spansOf(window, cuts);
  if (spans.length === 0) return false;
  const levels = levelsOf(window, spans, cuts);
  return lowestLevels(levels)[0]! < levels[0]!;
}

/**
 * A counter of the aggregation `latest` is a state, not consumption: it is judged once, at the end of the window, by
 * the terms in force there.
 * @param end the end of the window, or the instant at which a window that has not ended is judged
 */
export function judgeValue(
  window: Pick<UsageWindow, 'windowStart' | 'windowEnd'> & { end: Date; value: number },
  { terms, periods }: Omit<UsageRules, 'cuts'>,
): JudgedSpan[] {
  const { windowStart, windowEnd, end, value } = window;
  const period = periods.find((other) => other.start < end && end <= other.end);
  const inForce = terms.find((other) => other.start < end && end <= other.end);
  if (!period || !inForce?.price || windowStart >= end) return [];
  const units = inForce.limit === null ? 0 : Math.max(0, value - inForce.limit);
  return [{ windowStart, windowEnd, start: windowStart, end, units, terms: inForce, period }];
}

/** The spans between cuts that are in the window, cut to it, each with the step of its usage. */
function spansOf({ windowStart, windowEnd }: UsageWindow, cuts: Date[]): (Period & { step: number })[] {
  const spans: (Period & { step: number })[] = [];
  for (let index = 0; index + 1 < cuts.length; index++) {
    const [from, to] = [cuts[index]!, cuts[index + 1]!];
    const start = from < windowStart ? windowStart : from;
    const end = windowEnd !== null && windowEnd < to ? windowEnd : to;
    if (start < end) spans.push({ start, end, step: index + 1 });
  }
  return spans;
}

/** The level at the start, then for each span after its openings and at its end. */
function levelsOf(
  { level, complete, steps, windowEnd }: UsageWindow,
  spans: { step: number }[],
  cuts: Date[],
): number[] {
  const [first, last] = [spans[0]!.step, spans.at(-1)!.step];
  const hasEnded = windowEnd !== null && windowEnd <= cuts.at(-1)!;
  const counted = steps.reduce((sum, { units, opening }) => sum + units + opening, 0);
  const bySpan = new Map<number, { units: number; opening: number }>();
  for (const { step, units, opening } of steps) {
    // Usage at the billing instant or later, in a window that continues, belongs to the next invoice.
    if (step > last && !hasEnded) continue;
    const at = Math.min(Math.max(step, first), last);
    const known = bySpan.get(at) ?? { units: 0, opening: 0 };
    bySpan.set(at, { units: known.units + units, opening: known.opening + opening });
  }
  let current = complete ? 0 : level - counted;
  const levels = [current];
  for (const { step } of spans) {
    const { units, opening } = bySpan.get(step) ?? { units: 0, opening: 0 };
    // Units that a complete window has beyond its steps came after its end: a late commit, a grant.
    const rest = complete && hasEnded && step === last ? level - counted : 0;
    levels.push((current += opening), (current += units + rest));
  }
  return levels;
}

function lowestLevels(levels: number[]): number[] {
  const lowest = [...levels];
  for (let index = lowest.length - 2; index >= 0; index--) lowest[index] = Math.min(lowest[index]!, lowest[index + 1]!);
  return lowest;
}
