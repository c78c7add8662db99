import { Injectable } from '@nestjs/common';
import type { Concern, ScopeFilter } from '@app/kernel';
import { Database, inScope } from '@app/platform';

/** Counts what waits in the catalogue. */
@Injectable()
export class CatalogConcerns {
  constructor(private readonly database: Database) {}

  /** Drafts of plan versions that are not published, by product. */
  list(scope: ScopeFilter): Promise<Concern[]> {
    const values: unknown[] = [];
    return this.database.query(
      `select 'drafts_unpublished' as kind, count(*)::integer as count, min(v.created_at) as since, p.product_id as "productId"
       from plan_versions v join plans p on p.id = v.plan_id
       where v.published_at is null and p.status <> 'archived' and ${inScope(scope, { product: 'p.product_id' }, values)} group by p.product_id order by 4`,
      values,
    );
  }
}
