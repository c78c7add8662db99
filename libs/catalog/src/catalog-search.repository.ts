import { Injectable } from '@nestjs/common';
import type { ScopeFilter } from '@app/kernel';
import { contains, Database, inScope } from '@app/platform';

/** Kinds of catalogue objects that a search finds. */
export const FOUND_ITEMS = ['plan', 'feature', 'add_on', 'coupon'] as const;

/** An object of the catalogue that a search found. */
export interface FoundItem {
  type: (typeof FOUND_ITEMS)[number];
  id: string;
  key: string;
  name: string;
  productId: string;
}

/** Objects with a key and a name; of a plan the name of its newest version. */
const ITEMS = `select 'plan' as type, p.id, p.key, p.product_id, v.name from plans p
    cross join lateral (select name from plan_versions where plan_id = p.id order by version desc limit 1) v
  union all select 'feature', id, key, product_id, name from features where archived_at is null
  union all select 'add_on', id, key, product_id, name from add_ons where archived_at is null
  union all select 'coupon', id, key, product_id, key from coupons where archived_at is null`;

/** Finds objects of the catalogue by their texts. The tables are small: each search reads them whole. */
@Injectable()
export class CatalogSearch {
  constructor(private readonly database: Database) {}

  /**
   * Objects of the whole catalogue whose key or name contains the text, drafts and unlisted plans too: for staff. Those
   * with the key itself first.
   */
  find(text: string, scope: ScopeFilter, limit: number): Promise<FoundItem[]> {
    const values: unknown[] = [contains(text), text.toLowerCase()];
    const rows = inScope(scope, { product: 'i.product_id' }, values);
    return this.database.query(
      `select i.type, i.id, i.key, i.name, i.product_id as "productId" from (${ITEMS}) i
       where (lower(i.key) like $1 or lower(i.name) like $1) and ${rows} order by lower(i.key) <> $2, i.key, i.type, i.id limit ${limit}`,
      values,
    );
  }
}
