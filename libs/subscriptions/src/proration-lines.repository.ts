import { Injectable } from '@nestjs/common';
import { newId, type PageRequest } from '@app/kernel';
import { Database } from '@app/platform';
import type { ProrationLine, Subscription } from './domain/subscription.js';

/** A stored proration line. It is never changed or deleted. */
export interface StoredProrationLine extends ProrationLine {
  id: string;
  /** Version of the subscription that it belongs to. */
  subscriptionVersion: number;
  createdAt: Date;
}

@Injectable()
export class ProrationLinesRepository {
  constructor(private readonly database: Database) {}

  /** Lists proration lines, oldest first. */
  list(subscriptionId: string, page: PageRequest): Promise<StoredProrationLine[]> {
    return this.database.query(
      `select id, subscription_version as "subscriptionVersion", kind, amount::float8 as amount, currency, plan, quantity, case when not is_tiered then unit_amount::float8 end as "unitAmount",
         period_start as "periodStart", period_end as "periodEnd", created_at as "createdAt"
       from subscription_lines where subscription_id = $1 and ($2::uuid is null or id > $2) order by id limit $3`,
      [subscriptionId, page.after, page.limit + 1],
    );
  }

  async insert({ customerId, id, version }: Subscription, lines: ProrationLine[], now: Date): Promise<void> {
    await this.database.write(
      `insert into subscription_lines (customer_id, id, subscription_id, subscription_version, kind, amount, currency, plan, quantity, unit_amount, is_tiered, period_start, period_end, created_at)
       select $1, "lineId", $2, $3, kind, amount, currency, plan, quantity, coalesce("unitAmount", 0), "unitAmount" is null, "periodStart", "periodEnd", $4 from json_to_recordset($5::json)
         as l ("lineId" uuid, kind text, amount bigint, currency text, plan jsonb, quantity integer, "unitAmount" bigint, "periodStart" timestamptz, "periodEnd" timestamptz)`,
      [customerId, id, version, now, JSON.stringify(lines.map((line) => ({ ...line, lineId: newId() })))],
    );
  }
}
