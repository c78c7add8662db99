import { Injectable } from '@nestjs/common';
import { type Actor, Clock, timeOfId } from '@app/kernel';
import { type ArrayItem, arrayLiteral, Database } from '@app/platform';
import { EventKeys } from './event-keys.js';
import { descriptionOf, type EventType, isEventType } from './catalog/event-catalog.js';

/** Id of the advisory lock of publishing. Any fixed number. */
const PUBLISHING_LOCK = 7_046_029_255;
const BATCH = 500;

/** An event as subscribers and receivers get it. */
export interface PublishedEvent {
  id: string;
  type: EventType;
  subject: { type: string; id: string };
  /** 1, 2, 3 and so on per subject. */
  sequence: number;
  customerId: string | null;
  /** Key of the customer; null when the event concerns none. */
  customer: string | null;
  /** Key of the product; null when the event concerns none. */
  product: string | null;
  /** Products whose admins see it: its product; for events of a customer as such, every product the customer was on. */
  productIds: string[];
  actor: Actor;
  reason: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  at: Date;
}

/** Returns the ids of the products that each customer is or was subscribed to, by the customer's id. */
export type ProductLookup = (customerIds: string[]) => Promise<ReadonlyMap<string, string[]>>;

/** Handles published events in the transaction that publishes them: all of it or nothing is committed. */
export type Subscriber = (events: PublishedEvent[]) => Promise<void>;

type EventRow = Omit<PublishedEvent, 'customer' | 'product' | 'productIds'> & {
  customerKey: string | null;
  productId: string | null;
  productKey: string | null;
};

/** Moves events from the outbox to the feed, in one order for all readers, and passes them to subscribers. */
@Injectable()
export class EventPublisher {
  private readonly subscribers: Subscriber[] = [];
  private productLookup: ProductLookup | null = null;

  constructor(
    private readonly database: Database,
    private readonly keys: EventKeys,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds a handler. Called at start, once per handler.
   * @example publisher.subscribe((events) => this.fanOut(events));
   */
  subscribe(subscriber: Subscriber): void {
    this.subscribers.push(subscriber);
  }

  /**
   * Sets the lookup that decides which products see an event of a customer. The lib that owns subscriptions calls it
   * once, at start.
   */
  registerProductLookup(lookup: ProductLookup): void {
    this.productLookup = lookup;
  }

  /**
   * Publishes a batch. One process publishes at a time; a concurrent call returns 0 immediately.
   * @returns the number of events taken from the outbox
   * @throws any error of a subscriber; the batch then stays in the outbox
   * @example while ((await publisher.publish()) > 0);
   */
  async publish(): Promise<number> {
    if ((await this.database.query('select 1 from event_outbox limit 1')).length === 0) return 0;
    return this.database.transaction(async () => {
      const [lock] = await this.database.write<{ taken: boolean }>('select pg_try_advisory_xact_lock($1) as taken', [
        PUBLISHING_LOCK,
      ]);
      if (!lock!.taken) return 0;
      const events = await this.take();
      // A newer version may record types that this version does not know: they are published too.
      const published = events.filter(({ type }) => !(isEventType(type) && descriptionOf(type).auditOnly));
      if (published.length > 0) {
        await this.append(published);
        for (const subscriber of this.subscribers) await subscriber(published);
      }
      return events.length;
    });
  }

  /** Returns when the oldest unpublished event was recorded; null when the outbox is empty. */
  async oldestWaiting(): Promise<Date | null> {
    const [oldest] = await this.database.query<{ event_id: string }>(
      'select event_id from event_outbox order by event_id limit 1',
    );
    return oldest ? timeOfId(oldest.event_id) : null;
  }

  private async take(): Promise<PublishedEvent[]> {
    const rows = await this.database.write<EventRow>(
      `with taken as (delete from event_outbox where event_id in (select event_id from event_outbox order by event_id limit ${BATCH}) returning event_id)
       select e.id, e.type, json_build_object('type', e.subject_type, 'id', e.subject_id) as subject, e.sequence::float8 as sequence, e.customer_id as "customerId",
         e.customer_key as "customerKey", e.product_id as "productId", e.product_key as "productKey", e.actor, e.reason, e.before, e.after, e.at
       from taken t cross join lateral (select * from events where id = t.event_id limit 1) e order by e.id`,
    );
    // Rows from before migration 1700000000012 have no keys.
    const keyed = await this.keys.complete(rows);
    const products = await this.productsSeeing(rows);
    return keyed.map(({ customerKey, productId, productKey, ...event }) => ({
      ...event,
      customer: customerKey,
      product: productKey,
      productIds: productId ? [productId] : (products.get(event.id) ?? []),
    }));
  }

  /** For events of customers as such: the products that the customer is or was subscribed to, by the event's id. */
  private async productsSeeing(rows: EventRow[]): Promise<Map<string, string[]>> {
    const ofCustomers = rows.filter(({ productId, subject }) => productId === null && subject.type === 'customer');
    if (ofCustomers.length === 0) return new Map();
    if (!this.productLookup) throw new Error('No lib has registered the lookup of the products of customers.');
    const byCustomer = await this.productLookup([
      ...new Set(ofCustomers.flatMap(({ customerId }) => customerId ?? [])),
    ]);
    return new Map(ofCustomers.map(({ id, customerId }) => [id, byCustomer.get(customerId ?? '') ?? []]));
  }

  private async append(events: PublishedEvent[]): Promise<void> {
    const column = (read: (event: PublishedEvent) => ArrayItem): string => arrayLiteral(events.map(read));
    await this.database.write(
      `insert into event_feed (event_id, type, customer_id, product_ids, body, published_at)
       select id, type, customer_id, product_ids::uuid[], body, $6 from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[]) with ordinality as e (id, type, customer_id, product_ids, body, n) order by n`,
      [
        column(({ id }) => id),
        column(({ type }) => type),
        column(({ customerId }) => customerId),
        column(({ productIds }) => arrayLiteral(productIds)),
        column(bodyOf),
        this.clock.now(),
      ],
    );
  }
}

/** Message body (Standard Webhooks, "Payload structure"). Stored once, so that every attempt sends the same bytes. */
export function bodyOf({
  id,
  type,
  subject,
  sequence,
  customer,
  product,
  actor,
  reason,
  before,
  after,
  at,
}: PublishedEvent): string {
  const version = after?.['version'] ?? null;
  return JSON.stringify({
    type,
    timestamp: at,
    data: { id, sequence, subject, version, customer, product, actor, reason, before, after },
  });
}
