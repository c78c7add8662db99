import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import { CouponEntity } from './catalog.entities.js';
import { CatalogItemsRepository } from './catalog-items.repository.js';
import { type Coupon, couponContent } from './domain/coupon.js';

/** Coupons of products. */
@Injectable()
export class CouponsRepository extends CatalogItemsRepository<Coupon, CouponEntity> {
  protected readonly entity = CouponEntity;

  constructor(protected readonly database: Database) {
    super();
  }

  /** Writes everything but the number of redemptions, which `count` increments. */
  override async update(coupon: Coupon): Promise<void> {
    const { redemptions: _, ...columns } = this.rowOf(coupon);
    await this.write(coupon.id, columns);
  }

  /** Counts a redemption of an active coupon. @returns false when it has none left, or was archived */
  async count(id: string): Promise<boolean> {
    const rows = await this.database.write(
      `update coupons set redemptions = redemptions + 1
        where id = $1 and archived_at is null and (max_redemptions is null or redemptions < max_redemptions) returning id`,
      [id],
    );
    return rows.length > 0;
  }

  /** Takes back one redemption of each coupon. */
  async uncount(ids: string[]): Promise<void> {
    await this.database.write('update coupons set redemptions = redemptions - 1 where id = any($1::uuid[])', [ids]);
  }

  protected itemOf({ content, maxRedemptions, ...row }: CouponEntity): Coupon {
    return { ...row, ...content, maxRedemptions };
  }

  protected rowOf(coupon: Coupon): CouponEntity {
    const { id, productId, key, redemptions, archivedAt, createdAt, updatedAt } = coupon;
    const { maxRedemptions, ...content } = couponContent(coupon);
    return { id, productId, key, content, maxRedemptions, redemptions, archivedAt, createdAt, updatedAt };
  }
}
