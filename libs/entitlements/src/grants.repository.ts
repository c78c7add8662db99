import { Injectable } from '@nestjs/common';
import type { PageRequest } from '@app/kernel';
import { Database } from '@app/platform';
import type { Grant } from './domain/grant.js';
import { grantFromRow, type GrantRow } from './grant-row.js';

interface Row {
  grant: GrantRow;
}

/** The grants of customers. */
@Injectable()
export class GrantsRepository {
  constructor(private readonly database: Database) {}

  async insert(grant: Grant): Promise<void> {
    await this.database.write(
      `insert into grants (customer_id, id, feature_id, quantity, priority, effective_at, expires_at, recurrence, timezone, rollover_min, rollover_max, reason, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [
        grant.customerId,
        grant.id,
        grant.featureId,
        grant.quantity,
        grant.priority,
        grant.effectiveAt,
        grant.expiresAt,
        grant.recurrence,
        grant.timezone,
        grant.rolloverMin,
        grant.rolloverMax,
        grant.reason,
        grant.createdAt,
      ],
    );
  }

  async find(customerId: string, id: string): Promise<Grant | null> {
    const [row] = await this.database.query<Row>(
      'select to_json(g) as grant from grants g where customer_id = $1 and id = $2',
      [customerId, id],
    );
    return row ? grantFromRow(row.grant) : null;
  }

  /** @returns false when it is already voided */
  async void(customerId: string, id: string, at: Date): Promise<boolean> {
    const rows = await this.database.write(
      'update grants set voided_at = $3 where customer_id = $1 and id = $2 and voided_at is null returning id',
      [customerId, id, at],
    );
    return rows.length > 0;
  }

  /** Grants on one product, or on all (null), or on one feature; newest first, voided and expired ones too. */
  async list(
    customerId: string,
    { productId, featureId }: { productId: string | null; featureId: string | null },
    page: PageRequest,
  ): Promise<Grant[]> {
    const rows = await this.database.query<Row>(
      `select to_json(g) as grant from grants g join features f on f.id = g.feature_id
       where g.customer_id = $1 and ($2::uuid is null or f.product_id = $2) and ($3::uuid is null or g.feature_id = $3) and ($4::uuid is null or g.id < $4) order by g.id desc limit $5`,
      [customerId, productId, featureId, page.after, page.limit + 1],
    );
    return rows.map(({ grant }) => grantFromRow(grant));
  }
}
