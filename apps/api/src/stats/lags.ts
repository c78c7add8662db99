import { Injectable } from '@nestjs/common';
import { PaymentEvents } from '@app/billing';
import { DeliveriesService } from '@app/deliveries';
import { EventPublisher } from '@app/events';
import { Clock, type Concern } from '@app/kernel';
import { DueSubscriptionsService } from '@app/subscriptions';

/** Workers that run do all work within seconds. */
const LATE_MS = 5 * 60_000;

/** Finds work that no worker has done in time. */
@Injectable()
export class Lags {
  private readonly oldest: Record<string, () => Promise<Date | null>>;

  constructor(
    publisher: EventPublisher,
    subscriptions: DueSubscriptionsService,
    deliveries: DeliveriesService,
    paymentEvents: PaymentEvents,
    private readonly clock: Clock,
  ) {
    this.oldest = {
      events_behind: () => publisher.oldestWaiting(),
      renewals_behind: () => subscriptions.oldestDue(),
      deliveries_behind: () => deliveries.oldestDue(),
      payment_events_behind: () => paymentEvents.oldestWaiting(),
    };
  }

  /** One item for each kind of work whose oldest part has been due for five minutes. */
  async list(): Promise<Concern[]> {
    const before = this.clock.now().getTime() - LATE_MS;
    const concerns = await Promise.all(
      Object.entries(this.oldest).map(async ([kind, read]) => {
        const since = await read();
        return since && since.getTime() < before ? [{ kind, count: 1, since, productId: null }] : [];
      }),
    );
    return concerns.flat();
  }
}
