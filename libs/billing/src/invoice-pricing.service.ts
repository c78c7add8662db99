import { Injectable } from '@nestjs/common';
import { TaxRatesService } from '@app/catalog';
import { type Customer, CustomersService } from '@app/customers';
import { grouped } from '@app/kernel';
import { BillingProfilesService } from './billing-profiles.service.js';
import { CouponRedemptions } from './coupon-redemptions.service.js';
import { type BillingProfile, taxPlaceOf } from './domain/billing-profile.js';
import { appliedRedemptions, type CouponRedemption, isUsedBy } from './domain/coupon-redemption.js';
import type { Invoice, InvoiceLine } from './domain/invoice.js';
import { taxesOf, type TaxSituation } from './domain/tax-rates.js';
import { computeTotals } from './domain/totals.js';
import { type Language, UsersService } from '@app/users';
import { type UsageDraft, UsageChargesService } from './usage-charges.service.js';

/** A draft with its usage, discounts, taxes and amounts, and what they were computed from. */
export interface PricedInvoice {
  invoice: Invoice;
  customer: Customer;
  profile: BillingProfile;
  /** Of the profile, else of the user; null: neither has one. */
  language: Language | null;
  /** The coupons of which it uses a period up. */
  used: CouponRedemption[];
}

/** Computes the amounts of drafts: the same for the invoice, its preview and what is announced. */
@Injectable()
export class InvoicePricing {
  constructor(
    private readonly customers: CustomersService,
    private readonly profiles: BillingProfilesService,
    private readonly taxRates: TaxRatesService,
    private readonly coupons: CouponRedemptions,
    private readonly usage: UsageChargesService,
    private readonly users: UsersService,
  ) {}

  /**
   * Adds usage and computes discounts, taxes and totals, with the coupons, profiles and tax rates of now. One draft per
   * subscription: a coupon that the first uses up does not lower the second.
   * @param options.preview true: charges of usage are not written
   * @param options.redeemed coupons that are not stored: of a subscription that does not exist
   */
  async price(
    drafts: Invoice[],
    { preview = false, redeemed = [] }: { preview?: boolean; redeemed?: CouponRedemption[] } = {},
  ): Promise<PricedInvoice[]> {
    if (drafts.length === 0) return [];
    const customers = await this.customers.getMany(drafts.map(({ customerId }) => customerId));
    const profiles = await this.profiles.getMany([...customers.values()]);
    const metered = drafts.flatMap((draft) => usageDraftOf(draft) ?? []);
    const usage = metered.length > 0 ? await this.usage[preview ? 'preview' : 'charge'](metered) : new Map();
    const rates = await this.ratesOf(drafts);
    const coupons = await this.couponsOf(drafts, redeemed);
    const languages = preview ? new Map<string, Language>() : await this.languagesOf(profiles);
    return drafts.map((draft) => {
      const customer = customers.get(draft.customerId)!;
      const profile = profiles.get(draft.customerId)!;
      const situation: TaxSituation = {
        rates: rates.get(draft.productId)!,
        place: taxPlaceOf(profile, customer),
        taxExempt: profile.taxExempt,
        at: draft.billedAt,
      };
      const lines = [...draft.lines, ...((usage.get(draft.id) as InvoiceLine[] | undefined) ?? [])];
      return pricedInvoice(
        { ...draft, lines },
        { situation, coupons, customer, profile, language: languages.get(customer.id) ?? null },
      );
    });
  }

  /** Languages by customer: of the profile, else of the user. */
  private async languagesOf(profiles: Map<string, BillingProfile>): Promise<Map<string, Language>> {
    const own = [...profiles].map(([customerId, { language }]) => ({ customerId, language }));
    const without = own.filter(({ language }) => language === null).map(({ customerId }) => customerId);
    const languages = [...(await this.users.findByCustomers(without)), ...own];
    return new Map(
      languages.flatMap(({ customerId, language }) => (language === null ? [] : [[customerId, language]])),
    );
  }

  private async ratesOf(drafts: Invoice[]): Promise<Map<string, TaxSituation['rates']>> {
    const rates = new Map<string, TaxSituation['rates']>();
    for (const productId of new Set(drafts.map((draft) => draft.productId)))
      rates.set(productId, await this.taxRates.ofProduct(productId));
    return rates;
  }

  private async couponsOf(drafts: Invoice[], redeemed: CouponRedemption[]): Promise<Map<string, CouponRedemption[]>> {
    if (redeemed.length > 0) return grouped(redeemed, ({ subscriptionId }) => subscriptionId);
    const subscribed = drafts.filter(({ subscriptionId }) => subscriptionId !== null);
    const earliest = new Date(Math.min(...subscribed.flatMap(couponPeriodsOf).map((at) => at.getTime())));
    return this.coupons.ofSubscriptions(
      subscribed.map(({ customerId, subscriptionId }) => ({ customerId, id: subscriptionId! })),
      earliest,
    );
  }
}

/** Starts of the coupon periods of an invoice and its lines. */
const couponPeriodsOf = ({ billedAt, couponPeriod, lines }: Invoice): Date[] => [
  couponPeriod ?? billedAt,
  ...lines.flatMap((line) => line.couponPeriod ?? []),
];

interface PricingFacts {
  situation: TaxSituation;
  coupons: Map<string, CouponRedemption[]>;
  customer: Customer;
  profile: BillingProfile;
  language: Language | null;
}

function pricedInvoice(draft: Invoice, { situation, coupons, ...buyer }: PricingFacts): PricedInvoice {
  const { purpose, billedAt, couponPeriod, currency, subscriptionId } = draft;
  const discounted = { purpose, at: billedAt, couponPeriod, planKey: planOf(draft.lines), currency };
  const redemptions = appliedRedemptions(coupons.get(subscriptionId ?? '') ?? [], discounted);
  const { lines, discounts, taxes, totals } = computeTotals({
    lines: draft.lines.map((line) => ({ ...line, taxes: taxesOf(line, situation) })),
    redemptions,
    taxExempt: situation.taxExempt,
  });
  const invoice = { ...draft, lines, discounts, taxes, ...totals, due: Math.max(0, totals.total) };
  return { invoice, ...buyer, used: redemptions.filter((redemption) => isUsedBy(redemption, discounted)) };
}

/** Key of the plan that an invoice is for: that of the period, else of its last line. */
function planOf(lines: InvoiceLine[]): string {
  const planned = lines.filter(({ plan }) => plan !== null);
  return (planned.findLast(({ kind }) => kind === 'subscription') ?? planned.at(-1))?.plan?.key ?? '';
}

function usageDraftOf({ id, usageFrom, subscriptionId, ...draft }: Invoice): UsageDraft | null {
  if (!usageFrom || !subscriptionId) return null;
  const { purpose, period } = draft;
  // After the end of a subscription, usage up to its end may still change.
  const hasEnded = purpose === 'usage' && period.end < draft.billedAt;
  return {
    invoiceId: id,
    customerId: draft.customerId,
    subscriptionId,
    productId: draft.productId,
    currency: draft.currency,
    from: usageFrom,
    billedAt: hasEnded ? period.end : draft.billedAt,
    final: hasEnded || purpose === 'final',
  };
}
