import { Injectable } from '@nestjs/common';
import { Clock, DomainError } from '@app/kernel';
import { Events } from '@app/events';
import { Database } from '@app/platform';
import type { CatalogItem } from './catalog-items.repository.js';
import { CatalogItemsService } from './catalog-items.service.js';
import { CatalogReader } from './catalog-reader.js';
import { CouponsRepository } from './coupons.repository.js';
import { checkCoupon, type Coupon, type CouponContent, couponContent, type RawCoupon } from './domain/coupon.js';
import type { TargetKeys } from './domain/tax-rate.js';
import { ProductKeysRepository } from './product-keys.repository.js';
import { ProductsRepository } from './products.repository.js';

/** Coupons of products. Their redemptions belong to libs/billing. */
@Injectable()
export class CouponsService extends CatalogItemsService<RawCoupon, CouponContent, Coupon, TargetKeys> {
  protected readonly noun = 'coupon';
  protected readonly listName = 'coupons';

  constructor(
    protected readonly rows: CouponsRepository,
    private readonly keys: ProductKeysRepository,
    protected readonly products: ProductsRepository,
    protected readonly reader: CatalogReader,
    protected readonly database: Database,
    protected readonly events: Events,
    protected readonly clock: Clock,
  ) {
    super();
  }

  /**
   * Counts a redemption in the transaction of the caller: at most `maxRedemptions`, also at the same time.
   * @throws DomainError `coupon_used_up` when it has no redemption left, or was archived meanwhile
   */
  async countRedemption({ id }: Coupon): Promise<void> {
    if (!(await this.rows.count(id)))
      throw new DomainError('conflict', 'coupon_used_up', 'This coupon has been redeemed as often as it may be.');
  }

  protected contextOf(productId: string): Promise<TargetKeys> {
    return this.keys.keysOf(productId);
  }

  /** Takes back one redemption of each coupon, in the transaction of the caller. */
  uncountRedemptions(ids: string[]): Promise<void> {
    return this.rows.uncount(ids);
  }

  protected check(raw: RawCoupon, { plans }: TargetKeys, path?: string): CouponContent {
    return checkCoupon(raw, plans, path);
  }

  protected rawOf(coupon: CouponContent): RawCoupon {
    return couponContent(coupon);
  }

  protected created(item: CatalogItem, content: CouponContent): Coupon {
    return { ...item, ...content, redemptions: 0 };
  }

  protected override assertAdmits({ key, redemptions }: Coupon, { maxRedemptions }: CouponContent): void {
    if (maxRedemptions !== null && maxRedemptions < redemptions)
      throw new DomainError(
        'conflict',
        'coupon_redeemed_more_often',
        `The coupon "${key}" has been redeemed ${redemptions} times: maxRedemptions cannot be less.`,
      );
  }
}
