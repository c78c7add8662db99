import { Injectable } from '@nestjs/common';
import { grouped, type Period } from '@app/kernel';
import { UsageLevelsRepository } from '@app/metering';
import type { InvoiceLine } from './domain/invoice.js';
import { changesOf, type UsageChange } from './domain/usage-changes.js';
import { usageLines } from './domain/usage-lines.js';
import {
  type StoredRounding,
  type StoredUsageCharge,
  type SubscriptionFeature,
  type UsagePeriod,
  UsageChargesRepository,
} from './usage-charges.repository.js';
import { type JudgedFeature, type JudgedSubscription, UsageJudge } from './usage-judge.service.js';

/** A draft invoice that is about to be finalized, with the span of usage that ended at its billing instant. */
export interface UsageDraft {
  invoiceId: string;
  customerId: string;
  subscriptionId: string;
  productId: string;
  currency: string;
  /**
   * Where the billing of usage begins, if none was billed before: usage before it is never charged. Later invoices
   * continue where the one before ended.
   */
  from: Date;
  /** The billing instant, or the end of the subscription, exclusive: usage then belongs to the next invoice. */
  billedAt: Date;
  /** True for the last invoice of a subscription that has ended. */
  final: boolean;
}

/**
 * Usage of earlier periods is judged again for this long: events are accepted 92 days back, the next invoice with usage
 * follows within 31 days, and its draft waits for 3 days at most. Older usage is judged again on request
 * (`requestReread`), and where later usage reaches back to it.
 */
export const MEMORY_MS = 130 * 86_400_000;

/** A draft with its subscription as it is judged. */
interface JudgedDraft {
  draft: UsageDraft;
  subscription: JudgedSubscription;
}

/** Additions to the charges of one feature. */
interface FeatureChanges {
  judged: JudgedFeature;
  changes: UsageChange[];
}

/** Drafts as they are judged, with the additions to their charges. */
interface JudgedRound {
  judged: JudgedDraft[];
  changes: FeatureChanges[];
}

/** Before every period. */
const BEGINNING = new Date(0);
const hasAll = ({ subscriptionId }: JudgedSubscription, rereads: Map<string, Date>): boolean =>
  rereads.get(subscriptionId)?.getTime() === BEGINNING.getTime();

/** Charges usage beyond the limit, each unit once. */
@Injectable()
export class UsageChargesService {
  constructor(
    private readonly charges: UsageChargesRepository,
    private readonly judge: UsageJudge,
    private readonly levels: UsageLevelsRepository,
  ) {}

  /**
   * Judges the usage of each draft up to its billing instant, and usage that was recorded late for earlier spans.
   * Writes what it charged, in the caller's transaction: the lines must be on the invoices when it commits. Drafts of
   * one subscription may be in any order; each is judged once. One statement per table for all drafts.
   * @returns usage and adjustment lines by invoice id; drafts without any are absent
   * @throws DomainError `amount_too_large`
   * @example const lines = (await usage.charge([draft])).get(draft.invoiceId) ?? [];
   */
  async charge(drafts: UsageDraft[]): Promise<Map<string, InvoiceLine[]>> {
    await this.charges.lock(drafts);
    const rereads = await this.charges.rereads(drafts);
    const lines = new Map<string, InvoiceLine[]>();
    for (const round of roundsOf(drafts)) {
      // Before the levels: what is written between the two is seen again the next time.
      const seen = await this.levels.position();
      const { judged, changes } = await this.judgeRound(round, rereads);
      const invoices = new Map(judged.map(({ draft, subscription }) => [subscription, draft.invoiceId]));
      const priced = new Set(changes.map(({ judged: { subscription } }) => subscription));
      await this.charges.insertPeriods(
        judged.flatMap(({ draft, subscription }) => {
          const { current, periods } = subscription;
          // Without a price so far there is nothing to continue.
          if (!current || (periods.length === 1 && !priced.has(subscription))) return [];
          const { customerId, subscriptionId, invoiceId } = draft;
          return [{ ...current, customerId, subscriptionId, invoiceId, seen }];
        }),
      );
      const judgedAgain = judged.filter(({ subscription: { current } }) => !current);
      await this.charges.saveSeen(
        judgedAgain.map(({ subscription }) => subscription),
        seen,
      );
      await this.charges.insertCharges(
        changes.flatMap(({ judged: { subscription, feature }, changes: own }) => {
          const { customerId, subscriptionId } = subscription;
          const invoiceId = invoices.get(subscription)!;
          return own.map((change) => ({ ...change, customerId, subscriptionId, featureId: feature.id, invoiceId }));
        }),
      );
      addLines(lines, judged, changes);
    }
    await this.charges.endRereads(drafts.filter(({ subscriptionId }) => rereads.has(subscriptionId)));
    return lines;
  }

  /**
   * The lines that `charge` would return now, without writing anything. The instant may be in the future. One draft per
   * subscription.
   */
  async preview(drafts: UsageDraft[]): Promise<Map<string, InvoiceLine[]>> {
    const { judged, changes } = await this.judgeRound(drafts, await this.charges.rereads(drafts));
    const lines = new Map<string, InvoiceLine[]>();
    addLines(lines, judged, changes);
    return lines;
  }

  private async judgeRound(drafts: UsageDraft[], rereads: Map<string, Date>): Promise<JudgedRound> {
    const judged = await this.judgeDrafts(drafts, rereads);
    const features = await this.judge.judge(judged.map(({ subscription }) => subscription));
    const back = features.filter((feature) => feature.reachesBack && !hasAll(feature.subscription, rereads));
    if (back.length === 0) return { judged, changes: await this.changesOf(features) };
    const all = back.map(({ subscription }): [string, Date] => [subscription.subscriptionId, BEGINNING]);
    return this.judgeRound(drafts, new Map([...rereads, ...all]));
  }

  private async judgeDrafts(drafts: UsageDraft[], rereads: Map<string, Date>): Promise<JudgedDraft[]> {
    const periods = grouped(
      await this.charges.periods(
        drafts.map((draft) => ({
          ...draft,
          after: new Date(
            Math.min(draft.billedAt.getTime() - MEMORY_MS, rereads.get(draft.subscriptionId)?.getTime() ?? Infinity),
          ),
        })),
      ),
      ({ subscriptionId }) => subscriptionId,
    );
    return drafts.flatMap((draft) => {
      const known = periods.get(draft.subscriptionId) ?? [];
      const subscription = judgedSubscription(draft, known, rereads.has(draft.subscriptionId));
      return subscription ? [{ draft, subscription }] : [];
    });
  }

  private async changesOf(features: JudgedFeature[]): Promise<FeatureChanges[]> {
    const keyed = features.map((judged) => ({ judged, key: keyOf(judged) }));
    const stored = grouped(
      await this.charges.charges(
        keyed.flatMap(({ judged, key }) => windowsOf(judged).map((windowStart) => ({ ...key, windowStart }))),
      ),
      nameOf,
    );
    const roundings = grouped(
      await this.charges.roundings(
        keyed.flatMap(({ judged, key }) => periodsOf(judged).map((period) => ({ ...key, period }))),
      ),
      nameOf,
    );
    return keyed.map(({ judged, key }) => ({
      judged,
      changes: changesOfFeature(judged, stored.get(nameOf(key)), roundings.get(nameOf(key))),
    }));
  }
}

const keyOf = ({ subscription: { customerId, subscriptionId }, feature }: JudgedFeature): SubscriptionFeature => ({
  customerId,
  subscriptionId,
  featureId: feature.id,
});

const nameOf = ({ subscriptionId, featureId }: { subscriptionId: string; featureId: string }): string =>
  `${subscriptionId} ${featureId}`;

const changesOfFeature = (
  { spans, subscription }: JudgedFeature,
  stored: StoredUsageCharge[] = [],
  shared: StoredRounding[] = [],
): UsageChange[] => changesOf(spans, stored, { since: subscription.periods[0]!.start, shared });

/** The k-th drafts of all subscriptions together, by their billing instants. */
function roundsOf(drafts: UsageDraft[]): UsageDraft[][] {
  const rounds: UsageDraft[][] = [];
  for (const own of grouped(drafts, ({ subscriptionId }) => subscriptionId).values())
    [...own]
      .sort((one, other) => one.billedAt.getTime() - other.billedAt.getTime())
      .forEach((draft, index) => (rounds[index] ??= []).push(draft));
  return rounds;
}

/** @returns null where there is nothing to judge */
function judgedSubscription(draft: UsageDraft, known: UsagePeriod[], rereads: boolean): JudgedSubscription | null {
  const last = known.at(-1);
  const start = last?.end ?? draft.from;
  const current = start < draft.billedAt ? { start, end: draft.billedAt } : null;
  const periods = [...known.map(({ start: from, end }) => ({ start: from, end })), ...(current ? [current] : [])];
  if (periods.length === 0) return null;
  const { customerId, subscriptionId, productId, currency, final } = draft;
  return {
    customerId,
    subscriptionId,
    productId,
    currency,
    final,
    periods,
    current,
    seen: rereads ? null : (last?.seen ?? null),
  };
}

const windowsOf = ({ spans }: JudgedFeature): Date[] => [
  ...new Map(spans.map(({ windowStart }) => [windowStart.getTime(), windowStart])).values(),
];
/** Earlier billing periods of the judged windows: nothing is stored for the current one. */
const periodsOf = ({ spans, subscription: { current } }: JudgedFeature): Period[] => [
  ...new Set(spans.flatMap(({ period }) => (period === current ? [] : [period]))),
];

function addLines(lines: Map<string, InvoiceLine[]>, judged: JudgedDraft[], changes: FeatureChanges[]): void {
  const invoices = new Map(judged.map(({ draft, subscription }) => [subscription, draft.invoiceId]));
  for (const { judged: feature, changes: own } of changes) {
    if (own.length === 0) continue;
    const { subscription, rules, timezone } = feature;
    const invoiceId = invoices.get(subscription)!;
    const currentEnd = subscription.current?.end ?? null;
    const added = usageLines(own, { feature: feature.feature, currentEnd, terms: rules.terms, timezone });
    if (added.length > 0) lines.set(invoiceId, [...(lines.get(invoiceId) ?? []), ...added]);
  }
}
