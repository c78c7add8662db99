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
  /** The object that it is about. */
  subject: { type: string; id: string };
  /** 1, 2, 3 and so on per subject. */
  sequence: number;
  customerId: string | null;
  /** Key of the product; null when the event concerns none. */
  product: string | null;
  /** Products whose admins see it: its product; for events of a customer as such, every product the customer was on. */
  productIds: string[];
  /** The kind of its actor: `system` for jobs and time. Parsed on each access, as `before` and `after`. */
  readonly actorKind: Actor['kind'];
  reason: string | null;
  /** Parsed on each access, because most events have no subscriber that reads it. */
  readonly before: EventDocument;
  /** As `before`. */
  readonly after: EventDocument;
  at: Date;
}

type EventDocument = Record<string, unknown> | null;

/** Returns the ids of the products that each customer is or was subscribed to, by the customer's id. */
export type ProductLookup = (customerIds: string[]) => Promise<ReadonlyMap<string, string[]>>;

/** Handles published events in the transaction that publishes them: all of it or nothing is committed. */
export type Subscriber = (events: PublishedEvent[]) => Promise<void>;

/** A row of `events`; `actor`, `before`, `after` and `version` are JSON texts, as PostgreSQL writes them. */
interface EventRow {
  id: string;
  type: EventType;
  subjectType: string;
  subjectId: string;
  sequence: string;
  customerId: string | null;
  customerKey: string | null;
  productId: string | null;
  productKey: string | null;
  actor: string;
  reason: string | null;
  before: string | null;
  after: string | null;
  version: string | null;
  at: Date;
}

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
      const rows = await this.take();
      // A newer version may record types that this version does not know: they are published too.
      const published = rows.filter(({ type }) => !(isEventType(type) && descriptionOf(type).auditOnly));
      if (published.length > 0) {
        const products = await this.productsSeeing(published);
        const events = published.map(
          (row) => new StoredEvent(row, row.productId ? [row.productId] : (products.get(row.id) ?? [])),
        );
        await this.append(published, events);
        for (const subscriber of this.subscribers) await subscriber(events);
      }
      return rows.length;
    });
  }

  /** Returns when the oldest unpublished event was recorded; null when the outbox is empty. */
  async oldestWaiting(): Promise<Date | null> {
    const [oldest] = await this.database.query<{ event_id: string }>(
      'select event_id from event_outbox order by event_id limit 1',
    );
    return oldest ? timeOfId(oldest.event_id) : null;
  }

  private async take(): Promise<EventRow[]> {
    const rows = await this.database.write<EventRow>(
      `with taken as (delete from event_outbox where event_id in (select event_id from event_outbox order by event_id limit ${BATCH}) returning event_id)
       select e.id, e.type, e.subject_type as "subjectType", e.subject_id as "subjectId", e.sequence::text as sequence, e.customer_id as "customerId",
         e.customer_key as "customerKey", e.product_id as "productId", e.product_key as "productKey", e.actor::text as actor, e.reason,
         e.before::text as before, e.after::text as after, (e.after->'version')::text as version, e.at
       from taken t cross join lateral (select * from events where id = t.event_id limit 1) e order by e.id`,
    );
    // Rows from before migration 1700000000012 have no keys.
    return this.keys.complete(rows);
  }

  /** For events of customers as such: the products that the customer is or was subscribed to, by the event's id. */
  private async productsSeeing(rows: EventRow[]): Promise<Map<string, string[]>> {
    const ofCustomers = rows.filter(({ productId, subjectType }) => productId === null && subjectType === 'customer');
    if (ofCustomers.length === 0) return new Map();
    if (!this.productLookup) throw new Error('No lib has registered the lookup of the products of customers.');
    const byCustomer = await this.productLookup([
      ...new Set(ofCustomers.flatMap(({ customerId }) => customerId ?? [])),
    ]);
    return new Map(ofCustomers.map(({ id, customerId }) => [id, byCustomer.get(customerId ?? '') ?? []]));
  }

  private async append(rows: EventRow[], events: PublishedEvent[]): Promise<void> {
    const column = (read: (event: PublishedEvent) => ArrayItem): string => arrayLiteral(events.map(read));
    await this.database.write(
      `insert into event_feed (event_id, type, customer_id, product_ids, body, published_at)
       select id, type, customer_id, product_ids::uuid[], body, $6
       from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], string_to_array($5, e'\\n')) with ordinality as e (id, type, customer_id, product_ids, body, n) order by n`,
      [
        column(({ id }) => id),
        column(({ type }) => type),
        column(({ customerId }) => customerId),
        column(({ productIds }) => arrayLiteral(productIds)),
        rows.map(bodyOf).join('\n'),
        this.clock.now(),
      ],
    );
  }
}

/** An event read from its row. */
class StoredEvent implements PublishedEvent {
  readonly id: string;
  readonly type: EventType;
  readonly subject: { type: string; id: string };
  readonly sequence: number;
  readonly customerId: string | null;
  readonly product: string | null;
  readonly reason: string | null;
  readonly at: Date;

  constructor(
    private readonly row: EventRow,
    readonly productIds: string[],
  ) {
    this.id = row.id;
    this.type = row.type;
    this.subject = { type: row.subjectType, id: row.subjectId };
    this.sequence = Number(row.sequence);
    this.customerId = row.customerId;
    this.product = row.productKey;
    this.reason = row.reason;
    this.at = row.at;
  }

  get actorKind(): Actor['kind'] {
    return (JSON.parse(this.row.actor) as Actor).kind;
  }

  get before(): EventDocument {
    return documentOf(this.row.before);
  }

  get after(): EventDocument {
    return documentOf(this.row.after);
  }
}

const documentOf = (json: string | null): EventDocument => (json === null ? null : (JSON.parse(json) as EventDocument));

/**
 * Message body (Standard Webhooks, "Payload structure"). Stored once, so that every attempt sends the same bytes. It is
 * put together from the JSON of the row, without parsing it: a third of the cost of a published event otherwise.
 */
function bodyOf(row: EventRow): string {
  const { id, type, at, sequence, subjectType, subjectId, version, customerKey, productKey } = row;
  const text = (value: string | null): string => JSON.stringify(value);
  return (
    `{"type":${text(type)},"timestamp":${text(at.toISOString())},` +
    `"data":{"id":"${id}","sequence":${sequence},"subject":{"type":${text(subjectType)},"id":"${subjectId}"},` +
    `"version":${version},"customer":${text(customerKey)},"product":${text(productKey)},` +
    `"actor":${row.actor},"reason":${text(row.reason)},"before":${row.before},"after":${row.after}}}`
  );
}
