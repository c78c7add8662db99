import { Injectable, Logger } from '@nestjs/common';
import { Metrics } from '@app/platform';
import { type UsageCheck, UsageChargesChecker } from './usage-charges-checker.js';
import { type BillingMismatch, BillingChecksRepository } from './billing-checks.repository.js';

export interface BillingReport {
  /** Number of customers checked. */
  checked: number;
  mismatches: BillingMismatch[];
}

const PAGE = 500;

/** Verifies that invoices, numbers, payments, credit balances and charges agree. It corrects nothing. */
@Injectable()
export class BillingChecker {
  private readonly logger = new Logger('BillingChecker');

  constructor(
    private readonly checks: BillingChecksRepository,
    private readonly usage: UsageChargesChecker,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Verifies everything; it may run while invoices are written and paid. Each mismatch is logged.
   * @example const { mismatches } = await checker.checkAll();
   */
  async checkAll(): Promise<BillingReport> {
    const mismatches = await this.checks.ofAll();
    let checked = 0;
    for (let page = await this.checks.customers(null, PAGE); page.length > 0;) {
      mismatches.push(...(await this.checks.ofCustomers(page)));
      checked += page.length;
      page = page.length < PAGE ? [] : await this.checks.customers(page.at(-1)!, PAGE);
    }
    for (let after: string | null | undefined; after !== null;) {
      const page = await this.usage.usageChargesMismatch({ after: after ?? null, limit: PAGE });
      mismatches.push(...usageMismatches(page));
      after = page.after;
    }
    this.metrics.billingMismatches.set(mismatches.length);
    for (const mismatch of mismatches) this.logger.error({ message: 'Billing does not add up', ...mismatch });
    return { checked, mismatches };
  }
}

const usageMismatches = ({ mismatches, invoices, otherCurrencies }: UsageCheck): BillingMismatch[] => [
  ...mismatches.map(({ subscriptionId, featureId, windowStart, spanStart, units, amount }) => ({
    invariant: 'usage_charges' as const,
    subject: subscriptionId,
    detail: `feature ${featureId}, window ${windowStart.toISOString()}, span ${spanStart.toISOString()}: ${units} units and ${amount} missing`,
  })),
  ...invoices.map(({ invoiceId, units, amount, chargedUnits, chargedAmount }) => ({
    invariant: 'usage_charges' as const,
    subject: invoiceId,
    detail: `lines of ${units} units and ${amount}, charged ${chargedUnits} units and ${chargedAmount}`,
  })),
  ...otherCurrencies.map(({ subscriptionId, featureId, units }) => ({
    invariant: 'usage_currency' as const,
    subject: subscriptionId,
    detail: `feature ${featureId}: ${units} units beyond the limit have a price in another currency than the invoices`,
  })),
];
