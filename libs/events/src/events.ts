import { Injectable } from '@nestjs/common';
import { type Actor, Clock, newId } from '@app/kernel';
import {
  type ArrayItem,
  arrayLiteral,
  CacheInvalidations,
  type Connection,
  Database,
  type Statement,
} from '@app/platform';
import { type EventType, isEventType } from './catalog/event-catalog.js';
import { EventKeys } from './event-keys.js';

/** What a change of state leaves behind: audit entry, outbox entry and line of the timeline in one. */
export interface NewEvent {
  /** Past tense, `<noun>.<what_happened>`: `subscription.plan_changed`. */
  type: EventType;
  subject: { type: string; id: string };
  customerId?: string | null;
  /** Key of the customer, where the caller has it at hand; looked up otherwise. */
  customerKey?: string | null;
  /** The product that it happened on; null: on none, or on all. */
  productId: string | null;
  /** Key of the product, where the caller has it at hand; looked up otherwise. */
  productKey?: string | null;
  actor: Actor;
  reason?: string | null;
  before?: object | null;
  after?: object | null;
  /** When it happened, if not now: a period that ended while no worker ran still ended at its own time. */
  at?: Date;
}

/** A new event whose keys are known: on the hot path nothing is looked up. */
export type KeyedEvent = NewEvent & { customerKey: string | null; productKey: string | null };

export interface RecordedEvent {
  id: string;
  type: EventType;
  /** Of its subject: 1, 2, 3 and so on. */
  sequence: number;
  actor: Actor;
  reason: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  at: Date;
}

/** The rows of event_sequences are taken in the order of their ids, so that two transactions cannot wait for each other here. */
const RECORD_ALL: Statement = {
  name: 'record events',
  text: `with told as (
      select e.*, row_number() over (partition by subject_id order by n) as nth, count(*) over (partition by subject_id) as of
      from rows from (unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::text[], $9::jsonb[], $10::jsonb[], $11::text[], $12::timestamptz[]),
        json_array_elements($13::json), json_array_elements($14::json)) with ordinality
        as e (id, type, subject_type, subject_id, customer_id, customer_key, product_id, product_key, actor, origin, reason, at, before, after, n)),
    taken as (
      insert into event_sequences as s (subject_id, last) select subject_id, count(*) from told group by subject_id order by subject_id
      on conflict (subject_id) do update set last = s.last + excluded.last returning subject_id, last),
    recorded as (
      insert into events (id, type, subject_type, subject_id, sequence, customer_id, customer_key, product_id, product_key, actor, origin, reason, before, after, at)
      select id, type, subject_type, subject_id, taken.last - of + nth, customer_id, customer_key, product_id, product_key, actor, origin, reason,
        case json_typeof(before) when 'object' then before::jsonb end, case json_typeof(after) when 'object' then after::jsonb end, at
      from told join taken using (subject_id) returning id)
    insert into event_outbox (event_id) select id from recorded`,
};
const COLUMNS = 'id, type, sequence::float8 as sequence, actor, reason, before, after, at';

/** The append-only list of what happened, written in the transaction of the change itself. */
@Injectable()
export class Events {
  constructor(
    private readonly database: Database,
    private readonly changes: CacheInvalidations,
    private readonly keys: EventKeys,
    private readonly clock: Clock,
  ) {}

  /** @throws Error outside a transaction. */
  record(event: NewEvent): Promise<void> {
    return this.recordMany([event]);
  }

  /** Many at once, in their order. @throws Error outside a transaction. */
  async recordMany(events: NewEvent[]): Promise<void> {
    for (const { customerId } of events)
      if (customerId) this.database.afterCommit(() => this.changes.publish(customerId));
    await this.database.write(RECORD_ALL.text, this.columnsOf(await this.keys.complete(events)));
  }

  /** The same, on the connection of a short transaction. */
  recordAll(connection: Connection, events: KeyedEvent[]): Promise<unknown> {
    return connection.run(RECORD_ALL, this.columnsOf(events));
  }

  /** One array for each of the columns, and what is JSON in JSON: read in half of the time that rows of JSON take. */
  private columnsOf(events: KeyedEvent[]): string[] {
    const now = this.clock.now();
    const columns: ((event: KeyedEvent) => ArrayItem)[] = [
      newId,
      ({ type }) => known(type),
      ({ subject }) => subject.type,
      ({ subject }) => subject.id,
      ({ customerId }) => customerId ?? null,
      ({ customerKey }) => customerKey,
      ({ productId }) => productId,
      ({ productKey }) => productKey,
      ({ actor: { kind, id } }) => ({ kind, id }),
      ({ actor }) => actor.origin ?? null,
      ({ reason }) => reason ?? null,
      ({ at }) => at ?? now,
    ];
    const documents = (['before', 'after'] as const).map((name) =>
      JSON.stringify(events.map((event) => event[name] ?? null)),
    );
    return [...columns.map((column) => arrayLiteral(events.map(column))), ...documents];
  }

  /** What happened to one subject, in order; `after` is the id of the last event already seen. */
  listOf(subjectId: string, page: { limit: number; after: string | null }): Promise<RecordedEvent[]> {
    return this.database.query<RecordedEvent>(
      `select ${COLUMNS} from events where subject_id = $1 and ($2::uuid is null or id > $2) order by id limit $3`,
      [subjectId, page.after, page.limit + 1],
    );
  }
}

/** @throws Error for what nobody could look up */
function known(type: string): string {
  if (!isEventType(type)) throw new Error(`${type} is not in the catalogue of events.`);
  return type;
}
