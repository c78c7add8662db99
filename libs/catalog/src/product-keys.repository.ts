import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { TargetKeys } from './domain/tax-rate.js';

/** Keys of what a product sells, archived ones too, because subscriptions keep them. */
@Injectable()
export class ProductKeysRepository {
  constructor(private readonly database: Database) {}

  async keysOf(productId: string): Promise<TargetKeys> {
    const [row] = await this.database.query<Record<keyof TargetKeys, string[]>>(
      `select array(select key from plans where product_id = $1) as plans,
        array(select key from add_ons where product_id = $1) as "addOns",
        array(select key from features where product_id = $1) as features`,
      [productId],
    );
    return { plans: new Set(row!.plans), addOns: new Set(row!.addOns), features: new Set(row!.features) };
  }
}
