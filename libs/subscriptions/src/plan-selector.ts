import { Injectable } from '@nestjs/common';
import { choosePrice, type Plan, PlansService, type PlanVersion, type Price } from '@app/catalog';
import { CustomersService, type Customer } from '@app/customers';
import { DomainError, type Interval, notFound } from '@app/kernel';
import type { SoldPlan, SoldPrice } from './domain/subscription.js';

/** The requested plan and price; omitted fields are chosen for the customer. */
export interface PlanSelection {
  plan: string;
  interval?: Interval;
  intervalCount?: number;
  currency?: string;
  /** True: public plans only. */
  publicOnly?: boolean;
}

/** A plan as sold to a customer now. */
export interface ChosenPlan {
  plan: SoldPlan;
  trialDays: number;
}

type Buyer = Pick<Customer, 'region' | 'deviceType' | 'currency'>;

/** Selects the plan version and price that a customer is sold now. */
@Injectable()
export class PlanSelector {
  constructor(
    private readonly plans: PlansService,
    private readonly customers: CustomersService,
  ) {}

  /**
   * @param current the current price: its interval and currency are kept unless the selection names others.
   * @throws DomainError `plan_not_found`, `no_price`
   */
  async choose(
    customerId: string,
    productId: string,
    selection: PlanSelection,
    current?: SoldPrice,
  ): Promise<ChosenPlan> {
    const buyer = await this.customers.getById(customerId);
    const { plan, version } = await this.plans.getPublished(productId, selection.plan);
    if (selection.publicOnly && !plan.public) throw notFound('plan');
    const kept =
      current && !selection.interval && offers(version, current)
        ? { interval: current.interval, intervalCount: current.intervalCount }
        : {};
    return sold(version, { ...kept, ...selection, currency: selection.currency ?? current?.currency }, buyer);
  }

  /**
   * The named plan, else the one assigned by region and device type; null when no rule matches.
   * @throws DomainError `no_price`
   */
  async forNewCustomer(
    productId: string,
    buyer: Buyer,
    planKey?: string,
    selection: Omit<PlanSelection, 'plan'> = {},
  ): Promise<ChosenPlan | null> {
    const found: { plan: Plan; version: PlanVersion } | null = planKey
      ? await this.plans.getPublished(productId, planKey)
      : await this.plans.assignedPlan(productId, buyer);
    return found && sold(found.version, selection, buyer);
  }
}

function offers(version: PlanVersion, price: SoldPrice): boolean {
  return version.prices.some(
    (offer) => offer.interval === price.interval && offer.intervalCount === price.intervalCount,
  );
}

function sold(version: PlanVersion, selection: Omit<PlanSelection, 'plan'>, buyer: Buyer): ChosenPlan {
  const price = choosePrice(version.prices, {
    interval: selection.interval,
    intervalCount: selection.intervalCount,
    currency: selection.currency ?? buyer.currency,
    currencyRequired: selection.currency !== undefined,
    region: buyer.region,
    deviceType: buyer.deviceType,
  });
  if (!price) throw new DomainError('conflict', 'no_price', 'The plan has no price for this customer and interval.');
  return {
    trialDays: version.trialDays,
    plan: {
      planId: version.planId,
      planVersion: version.version,
      planKey: version.planKey,
      planName: version.name,
      price: soldPrice(price),
    },
  };
}

function soldPrice({ amount, currency, interval, intervalCount, tiers }: Price): SoldPrice {
  return { amount, currency, interval, intervalCount, ...(tiers ? { tiers } : {}) };
}
