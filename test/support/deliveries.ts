import { Dispatcher } from '@app/deliveries';
import { Clock } from '@app/kernel';
import { EventPublisher } from '@app/events';
import { Database } from '@app/platform';
import type { TestApp } from './app.js';

/** Publishes and delivers all events due by the service’s clock. The service’s own job may run concurrently. */
export async function deliverDueEvents({ app }: Pick<TestApp, 'app'>): Promise<void> {
  const [publisher, dispatcher, database, clock] = [EventPublisher, Dispatcher, Database, Clock].map((part) =>
    app.get(part as typeof Database, { strict: false }),
  ) as never as [EventPublisher, Dispatcher, Database, Clock];
  const pending = () =>
    database.query(
      'select 1 from event_outbox union all select 1 from deliveries d where due_at <= $1 and not exists (select 1 from delivery_lanes l where l.lane = d.lane and l.paused_until > $1) limit 1',
      [clock.now()],
    );
  do {
    while ((await publisher.publish()) > 0);
    await dispatcher.dispatch();
    await dispatcher.idle();
  } while ((await pending()).length > 0);
  // Attempts that the service's own job has started.
  while (
    (
      await database.query(
        `select 1 from deliveries where status = 'pending' and attempts > jsonb_array_length(log) and due_at > $1 limit 1`,
        [clock.now()],
      )
    ).length > 0
  )
    await new Promise((resolve) => setTimeout(resolve, 20));
}
