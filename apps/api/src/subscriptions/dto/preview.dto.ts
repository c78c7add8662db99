import type { EntitlementTerms } from '@app/catalog';
import type { ProrationLine, StoredProrationLine } from '@app/subscriptions';
import type { PlanEntitlementDto } from '../../plans/dto/plan.dto.js';
import type { SoldPlanDto, SubscriptionDto } from './subscription.dto.js';

/** Money that a change moves. */
export class ProrationLineDto {
  kind: 'credit' | 'charge';
  /** Minor units, positive in either kind. */
  amount: number;
  currency: string;
  plan: SoldPlanDto;
  quantity: number;
  /** Of one unit for a whole period, in minor units. */
  unitAmount: number;
  periodStart: Date;
  /** Exclusive. */
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

/** A line as it was kept with the change, for the invoice that follows. */
export class StoredLineDto extends ProrationLineDto {
  id: string;
  /** The version of the subscription that it came with. */
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
  /** Minor units; negative: in the customer's favour. */
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

/** Something of which more is in use than the new plan has: 12 of 10 seats. */
export class OverLimitDto {
  feature: string;
  used: number;
  limit: number;
}

export class EntitlementChangesDto {
  gained: PlanEntitlementDto[];
  lost: PlanEntitlementDto[];
  changed: ChangedEntitlementDto[];
  /** Counted against what does not start anew when the change takes effect. */
  overLimit: OverLimitDto[];
}

/** What a change would do. Nothing of it is written. */
export class ChangePreviewDto {
  effectiveAt: Date;
  lines: ProrationLineDto[];
  /** What is due at once. */
  total: NetAmountDto;
  /** The next renewal after it; null when there is none. */
  nextCharge: UpcomingChargeDto | null;
  entitlements: EntitlementChangesDto;
  /** As it would be. */
  subscription: SubscriptionDto;
}

export const namedTerms = (feature: string, terms: EntitlementTerms): PlanEntitlementDto => ({ feature, ...terms });
