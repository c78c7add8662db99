import { Injectable } from '@nestjs/common';
import { grouped } from '@app/kernel';
import { changesOf } from './domain/usage-changes.js';
import { UsageChargesRepository } from './usage-charges.repository.js';
import { MEMORY_MS } from './usage-charges.service.js';
import {
  type ChargedInvoice,
  type CheckedSubscription,
  UsageChargeChecksRepository,
} from './usage-charge-checks.repository.js';
import { type JudgedFeature, type JudgedSubscription, UsageJudge } from './usage-judge.service.js';

/** Units of one span of a window that are charged otherwise than the ledger says. */
export interface UsageMismatch {
  customerId: string;
  subscriptionId: string;
  featureId: string;
  windowStart: Date;
  spanStart: Date;
  /** Units that are missing; negative: charged too much. */
  units: number;
  amount: number;
}

/** Units beyond the limit of a feature that are not charged. */
export interface UnchargedUnits {
  customerId: string;
  subscriptionId: string;
  featureId: string;
  units: number;
}

/** Result of one page of the check. */
export interface UsageCheck {
  /** Number of subscriptions checked. */
  checked: number;
  mismatches: UsageMismatch[];
  /** Invoices whose lines are not what was charged. */
  invoices: ChargedInvoice[];
  /** Units whose price is in another currency than that of the invoices, so that they are not charged. */
  otherCurrencies: UnchargedUnits[];
  /** The subscription after which to continue; null: all are checked. */
  after: string | null;
}

/** Verifies that every unit beyond the limit is on exactly one line, once. */
@Injectable()
export class UsageChargesChecker {
  constructor(
    private readonly checks: UsageChargeChecksRepository,
    private readonly charges: UsageChargesRepository,
    private readonly judge: UsageJudge,
  ) {}

  /**
   * Recomputes what was charged for one page of subscriptions from ledger and events, and compares lines of finalized
   * invoices with it. Usage that was recorded after the last invoice is left out, because the next one has it, unless
   * that one is overdue. A difference is reported when a second read has it too: charges may be written meanwhile.
   * @param late true: all usage counts; for tests after which nothing is left to bill
   * @example
   * const { mismatches, invoices, after } = await checker.usageChargesMismatch({ after: null, limit: 1_000 });
   */
  async usageChargesMismatch(
    page: { after: string | null; limit: number },
    { late = false }: { late?: boolean } = {},
  ): Promise<UsageCheck> {
    const subscriptions = await this.checks.page(page, MEMORY_MS);
    const after = subscriptions.length === page.limit ? subscriptions.at(-1)!.subscriptionId : null;
    const first = await this.check(subscriptions, late);
    const suspects = [...first.mismatches, ...first.invoices, ...first.otherCurrencies].map(
      (one) => one.subscriptionId,
    );
    const found =
      suspects.length === 0
        ? first
        : await this.check(await this.checks.page({ ...page, after: null }, MEMORY_MS, suspects), late);
    return { checked: subscriptions.length, ...found, after };
  }

  private async check(
    subscriptions: CheckedSubscription[],
    late: boolean,
  ): Promise<Pick<UsageCheck, 'mismatches' | 'invoices' | 'otherCurrencies'>> {
    const checked = subscriptions.filter(({ waits }) => late || !waits);
    const periods = grouped(
      await this.charges.periods(checked.map((subscription) => ({ ...subscription, after: subscription.since }))),
      ({ subscriptionId }) => subscriptionId,
    );
    const judged = await this.judge.judge(
      checked.map((subscription): JudgedSubscription => ({
        ...subscription,
        periods: periods.get(subscription.subscriptionId)!.map(({ start, end }) => ({ start, end })),
        current: null,
        check: late || subscription.overdue ? 'as it is' : 'as of the position',
      })),
    );
    return {
      mismatches: await this.differences(judged),
      invoices: await this.checks.invoicesWithOtherLines(subscriptions),
      otherCurrencies: judged
        .filter(({ otherCurrencyUnits }) => otherCurrencyUnits > 0)
        .map(({ subscription: { customerId, subscriptionId }, feature, otherCurrencyUnits: units }) => ({
          ...{ customerId, subscriptionId, featureId: feature.id, units },
        })),
    };
  }

  private async differences(judged: JudgedFeature[]): Promise<UsageMismatch[]> {
    const mismatches: UsageMismatch[] = [];
    for (const { subscription, feature, spans } of judged) {
      const key = { ...subscription, featureId: feature.id };
      const windows = [...new Set(spans.map(({ windowStart }) => windowStart.getTime()))];
      const periods = [...new Set(spans.map(({ period }) => period))];
      const stored = await this.charges.charges(windows.map((ms) => ({ ...key, windowStart: new Date(ms) })));
      const shared = await this.charges.roundings(periods.map((period) => ({ ...key, period })));
      for (const { windowStart, start, units, amount } of changesOf(spans, stored, {
        since: subscription.periods[0]!.start,
        shared,
      }))
        mismatches.push({
          customerId: subscription.customerId,
          subscriptionId: subscription.subscriptionId,
          featureId: feature.id,
          windowStart,
          spanStart: start,
          units,
          amount,
        });
    }
    return mismatches;
  }
}
