import { Dispatcher } from '@app/deliveries';
import { Clock } from '@app/kernel';
import { Database, EventPublisher } from '@app/platform';
import type { TestApp } from './app.js';

/** Has everything published and sent that is due by the service's clock. Its own job may be at it at the same time. */
export async function sendDue({ app }: Pick<TestApp, 'app'>): Promise<void> {
  const [publisher, dispatcher, database, clock] = [EventPublisher, Dispatcher, Database, Clock].map((part) =>
    app.get(part as typeof Database, { strict: false }),
  ) as never as [EventPublisher, Dispatcher, Database, Clock];
  const waits = () =>
    database.query(
      'select 1 from event_outbox union all select 1 from deliveries d where due_at <= $1 and not exists (select 1 from delivery_lanes l where l.lane = d.lane and l.paused_until > $1) limit 1',
      [clock.now()],
    );
  do {
    while ((await publisher.publish()) > 0);
    await dispatcher.dispatch();
    await dispatcher.idle();
  } while ((await waits()).length > 0);
  // What another has begun.
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
