import { Injectable } from '@nestjs/common';
import { PipelinedDatabase, type Statement } from '@app/platform';
import type { StatusChange } from './domain/status-history.js';

const STATUS_CHANGES: Statement = {
  name: 'status changes',
  text: `select s.id, e.at, e.after->>'status' as status, e.before->>'status' as was from subscriptions s join events e on e.subject_id = s.id
    where s.customer_id = $1 and s.product_id = $2 and e.after->>'status' is distinct from e.before->>'status' order by e.at, e.id`,
};

@Injectable()
export class StatusHistoryRepository {
  constructor(private readonly pipeline: PipelinedDatabase) {}

  /** Recorded changes of the status of all subscriptions of a customer on a product, oldest first. */
  changes(customerId: string, productId: string): Promise<StatusChange[]> {
    return this.pipeline.read<StatusChange>(STATUS_CHANGES, [customerId, productId]);
  }
}
