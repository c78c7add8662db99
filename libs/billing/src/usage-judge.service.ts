import { Injectable } from '@nestjs/common';
import { CatalogReader, type Feature } from '@app/catalog';
import { grouped, type Period, totalOf } from '@app/kernel';
import {
  type LevelRequest,
  type PendingCoverage,
  PendingCoverageService,
  UsageLevelsRepository,
  type ValueRequest,
  type WindowLevels,
} from '@app/metering';
import {
  type JudgedSpan,
  judgeValue,
  judgeWindow,
  reachesBack,
  type UsageRules,
  withCoverage,
} from './domain/usage-spans.js';
import {
  distinctInstants,
  earliestWindow,
  pricedFeatures,
  type TermsHistory,
  termsSpans,
} from './domain/usage-terms.js';
import { type SubscriptionOfProduct, UsageHistory } from './usage-history.service.js';

/** A subscription whose usage is judged, with the billing periods that may have changed. */
export interface JudgedSubscription extends SubscriptionOfProduct {
  currency: string;
  /** Judged before, oldest first, and the one that is judged now, without gap. */
  periods: Period[];
  /** The last of them, if it is judged for the first time. */
  current: Period | null;
  /** The position of the last time; null: every window is read. */
  seen: string | null;
  /** For a check: every window is read, as of the position or, when late usage counts, as it is. */
  check?: 'as of the position' | 'as it is';
  /** True when windows that have not ended are judged too where they count a state: there is no later invoice. */
  final: boolean;
}

/** The judged windows of one feature of a subscription. */
export interface JudgedFeature {
  subscription: JudgedSubscription;
  feature: Feature;
  rules: UsageRules;
  /** All spans of the windows that were read, those without units too. */
  spans: JudgedSpan[];
  timezone: string;
  /** True when periods before those that were judged have other units by now. */
  reachesBack: boolean;
  /** Units beyond the limit with a price in another currency than that of the invoices. */
  otherCurrencyUnits: number;
}

/** One feature of a subscription, before its windows are read. */
interface Question extends Omit<JudgedFeature, 'spans' | 'reachesBack' | 'otherCurrencyUnits'> {
  request: LevelRequest;
}

/** A question with the windows that were read for it. */
interface Answer {
  question: Question;
  windows: WindowLevels[];
}

/** Judges usage beyond the limit, from ledger and events. Writes nothing. */
@Injectable()
export class UsageJudge {
  constructor(
    private readonly history: UsageHistory,
    private readonly levels: UsageLevelsRepository,
    private readonly coverage: PendingCoverageService,
    private readonly catalog: CatalogReader,
  ) {}

  /**
   * Judges the windows of all features with a price that may have changed since the position of their subscription.
   * @returns one result for each feature with a price, also without windows
   */
  async judge(subscriptions: JudgedSubscription[]): Promise<JudgedFeature[]> {
    const questions = await this.questionsOf(subscriptions);
    const windows = grouped(
      await this.levels.levels(questions.map(({ request }) => request)),
      ({ request }) => request,
    );
    const coverage = await this.coverageOf(questions);
    const answers = questions.map((question, index): Answer => ({
      question,
      windows: (windows.get(index) ?? [])
        .filter((window) => isKnown(question, window, coverage[index]!))
        .map((window) => withCoverage(window, coverage[index]!, question.rules)),
    }));
    const values = await this.valuesOf(answers);
    return answers.map(({ question: { subscription, feature, rules, timezone }, windows: own }) => {
      const isState = feature.aggregation === 'latest';
      const spans = isState
        ? (values.get(feature.id + subscription.subscriptionId) ?? [])
        : own.flatMap((window) => judgeWindow(window, rules));
      const reaches = !isState && own.some((window) => reachesBack(window, rules));
      const otherCurrencyUnits = unitsInOtherCurrency(own, rules);
      return { subscription, feature, rules, timezone, spans, reachesBack: reaches, otherCurrencyUnits };
    });
  }

  /** Units that grants have covered by the last instant that is judged. */
  private coverageOf(questions: Question[]): Promise<PendingCoverage[][]> {
    return this.coverage.of(
      questions.map(({ feature, request: { customerId, until } }) => ({
        customerId,
        feature,
        at: new Date(until.getTime() - 1),
      })),
    );
  }

  private async questionsOf(subscriptions: JudgedSubscription[]): Promise<Question[]> {
    const histories = await this.history.ofSubscriptions(subscriptions);
    const priced = new Map([...histories].map(([id, history]) => [id, pricedFeatures(history)]));
    const features = await this.catalog.featuresById([...new Set([...priced.values()].flat())]);
    const byId = new Map(features.map((feature) => [feature.id, feature]));
    return subscriptions.flatMap((subscription) => {
      const history = histories.get(subscription.subscriptionId);
      const own = priced.get(subscription.subscriptionId) ?? [];
      return own.flatMap((featureId) => {
        const feature = byId.get(featureId)!;
        // Overrides of a customer name features of other products too.
        return feature.productId === subscription.productId ? [questionOf(subscription, feature, history!)] : [];
      });
    });
  }

  /** The spans of features that count a state, by feature and subscription. */
  private async valuesOf(answers: Answer[]): Promise<Map<string, JudgedSpan[]>> {
    const spans = new Map<string, JudgedSpan[]>();
    const unknown: { request: ValueRequest; windowStart: Date; question: Question }[] = [];
    for (const { question, windows } of answers) {
      const { subscription, feature, rules, request } = question;
      if (feature.aggregation !== 'latest') continue;
      const own: JudgedSpan[] = [];
      spans.set(feature.id + subscription.subscriptionId, own);
      for (const { windowStart, windowEnd, level } of windows) {
        const { customerId, featureId, until, asOf } = request;
        const ask = (at: Date, start: Date) =>
          unknown.push({ request: { customerId, featureId, windowStart, at, asOf }, windowStart: start, question });
        if (windowEnd === null) for (const { start, end } of subscription.periods) ask(end, start);
        else if (windowEnd <= until)
          own.push(...judgeValue({ windowStart, windowEnd, end: windowEnd, value: level }, rules));
        else if (subscription.final) ask(until, windowStart);
      }
    }
    const values = await this.levels.values(unknown.map(({ request }) => request));
    unknown.forEach(({ request, windowStart, question }, index) => {
      const { feature, subscription, rules } = question;
      spans
        .get(feature.id + subscription.subscriptionId)!
        .push(...judgeValue({ windowStart, windowEnd: null, end: request.at, value: values[index]! }, rules));
    });
    return spans;
  }
}

/** False for a window of a check that a grant covers and that has later usage, which the grant may cover instead. */
const isKnown = (
  { subscription: { check } }: Question,
  { changed, windowStart }: WindowLevels,
  coverage: PendingCoverage[],
): boolean =>
  check !== 'as of the position' ||
  !changed ||
  coverage.every((covered) => covered.windowStart.getTime() !== windowStart.getTime());

function unitsInOtherCurrency(windows: WindowLevels[], rules: UsageRules): number {
  if (rules.terms.every(({ otherPrice }) => otherPrice === undefined)) return 0;
  const terms = rules.terms.map((span) => ({ ...span, price: span.otherPrice ?? null }));
  return totalOf(
    windows.flatMap((window) => judgeWindow(window, { ...rules, terms })),
    'units',
  );
}

function questionOf(subscription: JudgedSubscription, feature: Feature, history: TermsHistory): Question {
  const { customerId, periods, current, currency, seen, check } = subscription;
  const start = periods[0]!.start;
  const end = periods.at(-1)!.end;
  const terms = termsSpans(feature.id, history, { start, end, currency });
  const cuts = distinctInstants([
    ...periods.flatMap((period) => [period.start, period.end]),
    ...terms.map((span) => span.start),
  ]);
  return {
    subscription,
    feature,
    timezone: history.timezone,
    rules: { cuts, terms, periods },
    request: {
      customerId,
      featureId: feature.id,
      since: start,
      from: check ? start : (current?.start ?? end),
      until: end,
      earliestWindow: earliestWindow(feature.id, history, start),
      seen,
      ...(check === 'as of the position' && seen !== null ? { asOf: seen } : {}),
      cuts,
    },
  };
}
