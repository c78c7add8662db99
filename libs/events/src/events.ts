import { Injectable } from '@nestjs/common';
import { type Actor, Clock, newId } from '@app/kernel';
import {
  type ArrayItem,
  arrayLiteral,
  BatchedReads,
  type BatchedStatement,
  CacheInvalidations,
  type Connection,
  Database,
  PipelinedDatabase,
  type Statement,
} from '@app/platform';
import { type EventType, isEventType } from './catalog/event-catalog.js';
import { EventKeys } from './event-keys.js';

/** A change of state to record: audit entry, outbox entry and timeline entry in one. */
export interface NewEvent {
  /** `<noun>.<past_tense>`, for example `subscription.plan_changed`. */
  type: EventType;
  subject: { type: string; id: string };
  customerId?: string | null;
  /** Key of the customer, where the caller has it at hand; looked up otherwise. */
  customerKey?: string | null;
  /** Product of the event; null: of none, or of all. */
  productId: string | null;
  /** Key of the product, where the caller has it at hand; looked up otherwise. */
  productKey?: string | null;
  actor: Actor;
  reason?: string | null;
  before?: object | null;
  after?: object | null;
  /** When it happened, if not now: a renewal that a worker applies late has the time at which it was due. */
  at?: Date;
}

/** A new event whose keys are known: on the hot path nothing is looked up. */
export type KeyedEvent = NewEvent & { customerKey: string | null; productKey: string | null };

export interface RecordedEvent {
  id: string;
  type: EventType;
  /** 1, 2, 3 and so on per subject. */
  sequence: number;
  actor: Actor;
  reason: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  at: Date;
}

/** Locks rows of event_sequences in the order of their ids, so that two transactions cannot deadlock here. */
const RECORD_ALL: Statement = {
  name: 'record events',
  text: `with given as (
      select e.*, row_number() over (partition by subject_id order by n) as nth, count(*) over (partition by subject_id) as of
      from rows from (unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::text[], $9::jsonb[], $10::jsonb[], $11::text[], $12::timestamptz[]),
        unnest(string_to_array($13, e'\\n', '')), unnest(string_to_array($14, e'\\n', ''))) with ordinality
        as e (id, type, subject_type, subject_id, customer_id, customer_key, product_id, product_key, actor, origin, reason, at, before, after, n)),
    taken as (
      insert into event_sequences as s (subject_id, last) select subject_id, count(*) from given group by subject_id order by subject_id
      on conflict (subject_id) do update set last = s.last + excluded.last returning subject_id, last),
    recorded as (
      insert into events (id, type, subject_type, subject_id, sequence, customer_id, customer_key, product_id, product_key, actor, origin, reason, before, after, at)
      select id, type, subject_type, subject_id, taken.last - of + nth, customer_id, customer_key, product_id, product_key, actor, origin, reason,
        before::jsonb, after::jsonb, at
      from given join taken using (subject_id) returning id)
    insert into event_outbox (event_id) select id from recorded`,
};
/** A page of the events of one subject. */
interface SubjectPage {
  subjectId: string;
  /** Id of the last event already read; null: from the first. */
  after: string | null;
  limit: number;
}

const OF_SUBJECT: BatchedStatement<SubjectPage> = {
  name: 'events of subjects',
  text: `select found.*, w.n::integer as n from unnest($1::uuid[], $2::uuid[], $3::integer[]) with ordinality w (subject, seen, size, n) cross join lateral (
    select e.id, e.type, e.sequence::float8 as sequence, e.actor, e.reason, e.before, e.after, e.at
    from events e where e.subject_id = w.subject and (w.seen is null or e.id > w.seen) order by e.id limit w.size) found`,
  parameters: (pages) => [
    arrayLiteral(pages.map(({ subjectId }) => subjectId)),
    arrayLiteral(pages.map(({ after }) => after)),
    arrayLiteral(pages.map(({ limit }) => limit)),
  ],
  nameOf: ({ subjectId, after, limit }) => `${subjectId} ${after} ${limit}`,
  maxBatch: 16,
};

/** Records events: append-only, in the transaction of the change. Audit log, timelines and webhooks all read them. */
@Injectable()
export class Events {
  private readonly ofSubject: BatchedReads<SubjectPage, RecordedEvent>;

  constructor(
    private readonly database: Database,
    pipeline: PipelinedDatabase,
    private readonly invalidations: CacheInvalidations,
    private readonly keys: EventKeys,
    private readonly clock: Clock,
  ) {
    this.ofSubject = new BatchedReads(database, pipeline, OF_SUBJECT);
  }

  /**
   * Records an event in the running transaction: it is published after the commit, or not at all.
   * @throws Error outside a transaction, or for a type that no lib declares
   * @example
   * await events.record({
   *   type: 'customer.deleted',
   *   subject: { type: 'customer', id: customer.id },
   *   customerId: customer.id,
   *   customerKey: customer.key,
   *   productId: null,
   *   actor,
   * });
   */
  record(event: NewEvent): Promise<void> {
    return this.recordMany([event]);
  }

  /** Records several events in their order, in one statement. @throws Error like `record` */
  async recordMany(events: NewEvent[]): Promise<void> {
    for (const { customerId } of events)
      if (customerId) this.database.afterCommit(() => this.invalidations.publish(customerId));
    await this.database.write(RECORD_ALL.text, this.columnsOf(await this.keys.complete(events)));
  }

  /** Records events on the connection of a pipelined transaction. @throws Error for a type that no lib declares */
  recordAll(connection: Connection, events: KeyedEvent[]): Promise<unknown> {
    return connection.run(RECORD_ALL, this.columnsOf(events));
  }

  /**
   * One array per column. JSON documents are lines of one text, because JSON.stringify writes no line break: PostgreSQL
   * parses each once, and no quote is escaped.
   */
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
      events.map((event) => (event[name] ? JSON.stringify(event[name]) : '')).join('\n'),
    );
    return [...columns.map((column) => arrayLiteral(events.map(column))), ...documents];
  }

  /**
   * Lists the events of one subject, oldest first.
   * @param page `after` is the id of the last event already read
   * @returns up to `limit + 1` events
   * @example const timeline = await events.listOf(subscription.id, { limit: 50, after: null });
   */
  listOf(subjectId: string, page: { limit: number; after: string | null }): Promise<RecordedEvent[]> {
    return this.ofSubject.read({ subjectId, after: page.after, limit: page.limit + 1 });
  }
}

/** @throws Error for a type without a description (no receiver could know it), and for types of the security log */
function known(type: string): string {
  if (!isEventType(type)) throw new Error(`${type} is not in the catalogue of events, or belongs to the security log.`);
  return type;
}
