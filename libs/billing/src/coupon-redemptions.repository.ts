import { Injectable } from '@nestjs/common';
import type { PageRequest } from '@app/kernel';
import { Database } from '@app/platform';
import type { CouponRedemption } from './domain/coupon-redemption.js';

const SELECTED = `r.id, r.customer_id as "customerId", r.subscription_id as "subscriptionId", r.product_id as "productId",
  r.coupon_id as "couponId", r.coupon, r.position, r.periods_used as "periodsUsed", r.covered_period as "coveredPeriod",
  r.redeemed_at as "redeemedAt", r.ended_at as "endedAt"`;

/** A subscription with its customer, by which its rows are found. */
export interface SubscriptionRef {
  customerId: string;
  id: string;
}

/** Coupons on subscriptions. */
@Injectable()
export class CouponRedemptionsRepository {
  constructor(private readonly database: Database) {}

  /** Those that may lower invoices of coupon periods from this instant on: not ended, or the last period is covered. */
  ofSubscriptions(subscriptions: SubscriptionRef[], at: Date): Promise<CouponRedemption[]> {
    return this.database.query(
      `select ${SELECTED} from unnest($1::uuid[], $2::uuid[]) as wanted (customer_id, subscription_id)
        join coupon_redemptions r using (customer_id, subscription_id)
        where r.ended_at is null or r.ended_at > $3 or r.covered_period >= $3 order by r.position`,
      [subscriptions.map(({ customerId }) => customerId), subscriptions.map(({ id }) => id), at],
    );
  }

  /** Newest first, ended ones too. */
  list({ customerId, id }: SubscriptionRef, page: PageRequest): Promise<CouponRedemption[]> {
    return this.database.query(
      `select ${SELECTED} from coupon_redemptions r where r.customer_id = $1 and r.subscription_id = $2
        and ($3::uuid is null or r.id < $3) order by r.id desc limit $4`,
      [customerId, id, page.after, page.limit + 1],
    );
  }

  /** Locks the redemption of this coupon that has not ended. */
  async lockOpen({ customerId, id }: SubscriptionRef, couponKey: string): Promise<CouponRedemption | null> {
    const [found] = await this.database.write<CouponRedemption>(
      `select ${SELECTED} from coupon_redemptions r where r.customer_id = $1 and r.subscription_id = $2
        and r.coupon->>'key' = $3 and r.ended_at is null for no key update`,
      [customerId, id, couponKey],
    );
    return found ?? null;
  }

  /** Locks all redemptions of a subscription, ended ones too. */
  lockAll({ customerId, id }: SubscriptionRef): Promise<CouponRedemption[]> {
    return this.database.write(
      `select ${SELECTED} from coupon_redemptions r where r.customer_id = $1 and r.subscription_id = $2 order by r.id for no key update`,
      [customerId, id],
    );
  }

  /** The first period of a subscription began later than promised: coupons that have lowered it cover it. */
  async moveCoverage({ customerId, id }: SubscriptionRef, to: Date): Promise<void> {
    await this.database.write(
      'update coupon_redemptions set covered_period = $3 where customer_id = $1 and subscription_id = $2 and covered_period is not null',
      [customerId, id, to],
    );
  }

  /** Number of open ones, and the last position that was given. */
  async countOf({ customerId, id }: SubscriptionRef): Promise<{ open: number; position: number }> {
    const [row] = await this.database.query<{ open: number; position: number }>(
      `select count(*) filter (where ended_at is null)::int as open, coalesce(max(position), 0) as position
        from coupon_redemptions where customer_id = $1 and subscription_id = $2`,
      [customerId, id],
    );
    return row!;
  }

  async insert(redemption: CouponRedemption): Promise<void> {
    const { customerId, id, subscriptionId, productId, couponId, coupon, position, redeemedAt } = redemption;
    await this.database.write(
      `insert into coupon_redemptions (customer_id, id, subscription_id, product_id, coupon_id, coupon, position, redeemed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [customerId, id, subscriptionId, productId, couponId, JSON.stringify(coupon), position, redeemedAt],
    );
  }

  /** Locks redemptions until the transaction ends. */
  lock(redemptions: Pick<CouponRedemption, 'id' | 'customerId'>[]): Promise<CouponRedemption[]> {
    return this.database.write(
      `select ${SELECTED} from coupon_redemptions r where r.customer_id = any($1::uuid[]) and r.id = any($2::uuid[])
        order by r.customer_id, r.id for no key update`,
      [redemptions.map(({ customerId }) => customerId), redemptions.map(({ id }) => id)],
    );
  }

  async update(redemptions: CouponRedemption[]): Promise<void> {
    await this.database.write(
      `update coupon_redemptions r set periods_used = changed.periods_used, covered_period = changed.covered_period, ended_at = changed.ended_at
        from unnest($1::uuid[], $2::uuid[], $3::int[], $4::timestamptz[], $5::timestamptz[])
          as changed (customer_id, id, periods_used, covered_period, ended_at)
        where r.customer_id = changed.customer_id and r.id = changed.id`,
      [
        redemptions.map(({ customerId }) => customerId),
        redemptions.map(({ id }) => id),
        redemptions.map(({ periodsUsed }) => periodsUsed),
        redemptions.map(({ coveredPeriod }) => coveredPeriod),
        redemptions.map(({ endedAt }) => endedAt),
      ],
    );
  }
}
