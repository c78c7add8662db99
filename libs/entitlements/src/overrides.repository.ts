import { Injectable } from '@nestjs/common';
import type { PageRequest } from '@app/kernel';
import { Database } from '@app/platform';
import type { Override } from './domain/entitlement-snapshot.js';
import { overrideFromRow, type OverrideRow } from './override-row.js';

/** The overrides of customers, one per feature. */
@Injectable()
export class OverridesRepository {
  constructor(private readonly database: Database) {}

  async find(customerId: string, featureId: string): Promise<Override | null> {
    const [row] = await this.database.query<{ override: OverrideRow }>(
      `select to_json(o) as override from entitlement_overrides o where customer_id = $1 and feature_id = $2`,
      [customerId, featureId],
    );
    return row ? overrideFromRow(row.override) : null;
  }

  /** Overrides of the features of one product, or of one of them; newest feature first, expired ones too. */
  async list(customerId: string, productId: string, featureId: string | null, page: PageRequest): Promise<Override[]> {
    const rows = await this.database.query<{ override: OverrideRow }>(
      `select to_json(o) as override from entitlement_overrides o join features f on f.id = o.feature_id
       where o.customer_id = $1 and f.product_id = $2 and ($3::uuid is null or o.feature_id = $3) and ($4::uuid is null or o.feature_id < $4)
       order by o.feature_id desc limit $5`,
      [customerId, productId, featureId, page.after, page.limit + 1],
    );
    return rows.map(({ override }) => overrideFromRow(override));
  }

  async save(
    customerId: string,
    { featureId, terms, expiresAt, reason, createdAt, updatedAt }: Override,
  ): Promise<void> {
    await this.database.write(
      `insert into entitlement_overrides (customer_id, feature_id, terms, expires_at, reason, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (customer_id, feature_id) do update set terms = $3, expires_at = $4, reason = $5, updated_at = $7`,
      [customerId, featureId, terms, expiresAt, reason, createdAt, updatedAt],
    );
  }

  async delete(customerId: string, featureId: string): Promise<void> {
    await this.database.write('delete from entitlement_overrides where customer_id = $1 and feature_id = $2', [
      customerId,
      featureId,
    ]);
  }
}
