import { Injectable } from '@nestjs/common';
import { type Actor, Clock, newId } from '@app/kernel';
import { Changes } from '../changes/changes.js';
import { type ArrayItem, arrayLiteral } from '../database/array-literal.js';
import { Database } from '../database/database.js';
import type { Connection, Statement } from '../database/pipeline.js';

/** What a change of state leaves behind: audit entry, outbox entry and line of the timeline in one. */
export interface NewEvent {
  /** Past tense, `<noun>.<what_happened>`: `subscription.plan_changed`. */
  type: string;
  subject: { type: string; id: string };
  customerId?: string | null;
  actor: Actor;
  reason?: string | null;
  before?: object | null;
  after?: object | null;
  /** When it happened, if not now: a period that ended while no worker ran still ended at its own time. */
  at?: Date;
}

export interface RecordedEvent {
  id: string;
  type: string;
  actor: Actor;
  reason: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  at: Date;
}

const RECORD_ALL: Statement = {
  name: 'record events',
  text: `insert into events (id, type, subject_type, subject_id, customer_id, actor, reason, before, after, at)
    select id, type, subject_type, subject_id, customer_id, actor, reason,
      case json_typeof(before) when 'object' then before::jsonb end, case json_typeof(after) when 'object' then after::jsonb end, at
    from rows from (unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::jsonb[], $7::text[], $8::timestamptz[]), json_array_elements($9::json), json_array_elements($10::json))
      as e (id, type, subject_type, subject_id, customer_id, actor, reason, at, before, after)`,
};
const COLUMNS = 'id, type, actor, reason, before, after, at';

/** The append-only list of what happened, written in the transaction of the change itself. */
@Injectable()
export class Events {
  constructor(
    private readonly database: Database,
    private readonly changes: Changes,
    private readonly clock: Clock,
  ) {}

  /** @throws Error outside a transaction. */
  record(event: NewEvent): Promise<void> {
    return this.recordMany([event]);
  }

  /** Many at once, in their order. @throws Error outside a transaction. */
  async recordMany(events: NewEvent[]): Promise<void> {
    for (const { customerId } of events) if (customerId) this.database.afterCommit(() => this.changes.tell(customerId));
    await this.database.write(RECORD_ALL.text, this.columnsOf(events));
  }

  /** The same, on the connection of a short transaction. */
  recordAll(connection: Connection, events: NewEvent[]): Promise<unknown> {
    return connection.run(RECORD_ALL, this.columnsOf(events));
  }

  /** One array for each of the columns, and what is JSON in JSON: read in half of the time that rows of JSON take. */
  private columnsOf(events: NewEvent[]): string[] {
    const now = this.clock.now();
    const columns: ((event: NewEvent) => ArrayItem)[] = [
      newId, ({ type }) => type, ({ subject }) => subject.type, ({ subject }) => subject.id, ({ customerId }) => customerId ?? null, ({ actor }) => actor,
      ({ reason }) => reason ?? null, ({ at }) => at ?? now,
    ];
    const documents = (['before', 'after'] as const).map((name) => JSON.stringify(events.map((event) => event[name] ?? null)));
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
