import { Injectable } from '@nestjs/common';
import { type Page, type PageRequest, toPage } from '@app/kernel';
import { Database } from '@app/platform';

/** A ledger entry, as customers see it. */
export interface UsageRecord {
  id: string;
  /** Keys of product and feature. */
  product: string;
  feature: string;
  /** Units; negative: returned. */
  quantity: number;
  /** The entity, or the distinct value; null: none. */
  entity: string | null;
  /** The reported value; null: the feature counts the sum. */
  value: number | null;
  /** The kind of the entry. Entries stored as `payment`, the former name, read as `grant_coverage`. */
  how: string;
  occurredAt: Date;
  recordedAt: Date;
  properties: object | null;
}

/** The ledger of one customer, entry by entry. */
@Injectable()
export class UsageRecordsRepository {
  constructor(private readonly database: Database) {}

  /**
   * One page of a customer's ledger, oldest first.
   * @example
   * const { data, hasMore } = await records.list(customer.id, { limit: 100, after: null });
   */
  async list(customerId: string, { limit, after }: PageRequest): Promise<Page<UsageRecord>> {
    const rows = await this.database.query<UsageRecord>(
      `select l.id, p.key as product, f.key as feature, l.quantity::float8 as quantity, n.name as entity, l.value::float8 as value, case l.kind when 'payment' then 'grant_coverage' else l.kind end as how, l.occurred_at as "occurredAt", l.recorded_at as "recordedAt", l.properties
       from usage_ledger l join features f on f.id = l.feature_id join products p on p.id = f.product_id
       left join usage_names n on n.customer_id = l.customer_id and n.id = l.entity_id
       where l.customer_id = $1 and ($2::uuid is null or l.id > $2) order by l.id limit $3`,
      [customerId, after, limit + 1],
    );
    return toPage(rows, limit);
  }
}
