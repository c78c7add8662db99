import { OmitType } from '@nestjs/swagger';
import type { EntitlementTerms } from '@app/catalog';
import type { ProrationLine, StoredProrationLine } from '@app/subscriptions';
import type { PreviewedInvoiceDto } from '../../invoices/dto/preview-invoice.dto.js';
import type { PlanEntitlementDto } from '../../plans/dto/plan.dto.js';
import type { SoldPlanDto, SubscriptionDto } from './subscription.dto.js';

/** A credit or charge of a change. */
export class ProrationLineDto {
  kind: 'credit' | 'charge';
  /** Minor units, positive for credits and charges. */
  amount: number;
  currency: string;
  plan: SoldPlanDto;
  quantity: number;
  /** Price of one unit for a whole period, in minor units; null when tiers decide. */
  unitAmount: number | null;
  periodStart: Date;
  /** End, exclusive. */
  periodEnd: Date;

  static of({
    kind,
    amount,
    currency,
    plan,
    quantity,
    unitAmount,
    periodStart,
    periodEnd,
  }: ProrationLine): ProrationLineDto {
    return { kind, amount, currency, plan, quantity, unitAmount, periodStart, periodEnd };
  }
}

/** A proration line as stored with the change. */
export class StoredLineDto extends ProrationLineDto {
  id: string;
  /** Version of the subscription after the change. */
  subscriptionVersion: number;
  createdAt: Date;

  static override of(line: StoredProrationLine): StoredLineDto {
    const { id, subscriptionVersion, createdAt } = line;
    return { id, ...ProrationLineDto.of(line), subscriptionVersion, createdAt };
  }
}

export class StoredLinePageDto {
  data: StoredLineDto[];
  hasMore: boolean;
  nextCursor: string | null;
}

export class NetAmountDto {
  /** Minor units; negative is a credit for the customer. */
  amount: number;
  currency: string;
}

export class UpcomingChargeDto extends NetAmountDto {
  at: Date;
}

export class ChangedEntitlementDto {
  feature: string;
  before: PlanEntitlementDto;
  after: PlanEntitlementDto;
}

/** A feature whose usage exceeds the limit of the new plan: 12 of 10 seats. */
export class OverLimitDto {
  feature: string;
  used: number;
  limit: number;
}

export class EntitlementChangesDto {
  gained: PlanEntitlementDto[];
  lost: PlanEntitlementDto[];
  changed: ChangedEntitlementDto[];
  /** Usage that counts against the new limit when the change takes effect. */
  overLimit: OverLimitDto[];
}

/** The effect of a change. Nothing is written. */
export class ChangePreviewDto {
  effectiveAt: Date;
  lines: ProrationLineDto[];
  /** Net amount due immediately. */
  total: NetAmountDto;
  /** The next renewal after the change; null when there is none. */
  nextCharge: UpcomingChargeDto | null;
  /**
   * The invoice that would come next after the change, with add-ons, usage up to now, coupons and taxes, as of `POST
   * /v1/invoices/preview`. Null: none is foreseen, or billing is off for the product.
   */
  invoice: PreviewedInvoiceDto | null;
  entitlements: EntitlementChangesDto;
  /** The subscription after the change. */
  subscription: SubscriptionDto;
}

/** The effect of another billing anchor. Nothing is written. */
export class BillingAnchorPreviewDto extends OmitType(ChangePreviewDto, ['entitlements']) {}

export const namedTerms = (feature: string, terms: EntitlementTerms): PlanEntitlementDto => ({ feature, ...terms });
