import { Injectable } from '@nestjs/common';
import type { Concern, ScopeFilter } from '@app/kernel';
import { Database, inScope } from '@app/platform';

/** Drafts are finalized within minutes of the instant at which they are due. */
const LATE = `interval '1 hour'`;

/** Counts what went wrong with invoices. */
@Injectable()
export class BillingConcerns {
  constructor(private readonly database: Database) {}

  /** Invoices in real time with a failed payment, and drafts that should be finalized, by product. */
  list(scope: ScopeFilter, now: Date): Promise<Concern[]> {
    const values: unknown[] = [now];
    const rows = inScope(scope, { product: 'i.product_id' }, values);
    return this.database.query(
      `select 'invoices_failed' as kind, count(*)::integer as count, min(i.failed_at) as since, i.product_id as "productId" from invoices i
         where i.status = 'open' and i.failed_at is not null and i.test_clock_id is null and ${rows} group by i.product_id
       union all
       select 'invoices_not_finalized', count(*)::integer, min(i.finalize_at), i.product_id from invoices i join products p on p.id = i.product_id
         where i.status = 'draft' and i.finalize_at < $1::timestamptz - ${LATE} and i.test_clock_id is null and p.billing is not null and ${rows} group by i.product_id
       order by 1, 4`,
      values,
    );
  }
}
