import { Injectable } from '@nestjs/common';
import { type Actor, Clock, timeOfId } from '@app/kernel';
import { type ArrayItem, arrayLiteral, Database } from '@app/platform';
import { EventKeys } from './event-keys.js';
import { descriptionOf, type EventType, isEventType } from './catalog/event-catalog.js';

/** Any fixed number: whoever holds this advisory lock gives out positions. */
const PUBLISHING_LOCK = 7_046_029_255;
const BATCH = 500;

/** An event as it is told. */
export interface PublishedEvent {
  id: string;
  type: EventType;
  subject: { type: string; id: string };
  /** Of its subject: 1, 2, 3 and so on. */
  sequence: number;
  customerId: string | null;
  /** Its key; null when it is about none. */
  customer: string | null;
  product: string | null;
  /** The products whose people see it: the one that it happened on; for what happens to a customer as such, those that the customer has been on. */
  productIds: string[];
  actor: Actor;
  reason: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  at: Date;
}

/** Returns the ids of the products that each customer is or was subscribed to, by the customer's id. */
export type ProductLookup = (customerIds: string[]) => Promise<ReadonlyMap<string, string[]>>;

/** Does what follows from events, in the transaction in which they are published: all of it or nothing. */
export type Subscriber = (events: PublishedEvent[]) => Promise<void>;

type EventRow = Omit<PublishedEvent, 'customer' | 'product' | 'productIds'> & {
  customerKey: string | null;
  productId: string | null;
  productKey: string | null;
};

/** Takes events from the outbox into the feed, in one order for everybody, and lets others do what follows from them. */
@Injectable()
export class EventPublisher {
  private readonly subscribers: Subscriber[] = [];
  private productLookup: ProductLookup | null = null;

  constructor(
    private readonly database: Database,
    private readonly keys: EventKeys,
    private readonly clock: Clock,
  ) {}

  subscribe(subscriber: Subscriber): void {
    this.subscribers.push(subscriber);
  }

  /**
   * Sets the lookup that decides which products see an event of a customer. The lib that owns subscriptions calls it once,
   * at start.
   */
  registerProductLookup(lookup: ProductLookup): void {
    this.productLookup = lookup;
  }

  /** A batch. Of any number of processes one does it at a time, the others go on. @returns how many events were published */
  async publish(): Promise<number> {
    if ((await this.database.query('select 1 from event_outbox limit 1')).length === 0) return 0;
    return this.database.transaction(async () => {
      const [lock] = await this.database.write<{ taken: boolean }>('select pg_try_advisory_xact_lock($1) as taken', [
        PUBLISHING_LOCK,
      ]);
      if (!lock!.taken) return 0;
      const events = await this.take();
      // A newer version beside this one may know types that this one does not: they are told all the same.
      const told = events.filter(({ type }) => !(isEventType(type) && descriptionOf(type).auditOnly));
      if (told.length > 0) {
        await this.append(told);
        for (const subscriber of this.subscribers) await subscriber(told);
      }
      return events.length;
    });
  }

  /** When the oldest event that waits has happened; null when none does. */
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

/** What receivers get (Standard Webhooks, "Payload structure"): written once, so that every attempt carries the same bytes. */
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
