import { Injectable } from '@nestjs/common';
import { PipelinedDatabase, type Statement } from '@app/platform';
import type { AllowingState, StatusChange } from './domain/status-history.js';
import type { SubscriptionStatus } from './domain/subscription.js';

const STATUS_CHANGES: Statement = {
  name: 'status changes',
  text: `select s.id, e.at, e.after->>'status' as status, e.after->>'graceEndsAt' as "graceEndsAt", e.before->>'status' as was, e.before->>'graceEndsAt' as "graceEnded"
    from subscriptions s join events e on e.subject_id = s.id
    where s.customer_id = $1 and s.product_id = $2 and e.after->>'status' is distinct from e.before->>'status' order by e.at, e.id`,
};

interface Row {
  id: string;
  at: Date;
  status: SubscriptionStatus;
  graceEndsAt: string | null;
  was: SubscriptionStatus | null;
  graceEnded: string | null;
}

@Injectable()
export class StatusHistoryRepository {
  constructor(private readonly pipeline: PipelinedDatabase) {}

  /** Recorded changes of the status of all subscriptions of a customer on a product, oldest first. */
  async changes(customerId: string, productId: string): Promise<StatusChange[]> {
    const rows = await this.pipeline.read<Row>(STATUS_CHANGES, [customerId, productId]);
    return rows.map(({ id, at, status, graceEndsAt, was, graceEnded }) => ({
      id,
      at,
      after: stateOf(status, graceEndsAt),
      before: was && stateOf(was, graceEnded),
    }));
  }
}

const stateOf = (status: SubscriptionStatus, graceEndsAt: string | null): AllowingState => ({
  status,
  graceEndsAt: graceEndsAt === null ? null : new Date(graceEndsAt),
});
