import { Injectable } from '@nestjs/common';
import { type Actor, Clock, newId } from '@app/kernel';
import { Database } from '../database/database.js';

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

const COLUMNS = 'id, type, actor, reason, before, after, at';

/** The append-only list of what happened, written in the transaction of the change itself. */
@Injectable()
export class Events {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** @throws Error outside a transaction. */
  async record(event: NewEvent): Promise<void> {
    await this.database.write(
      `insert into events (id, type, subject_type, subject_id, customer_id, actor, reason, before, after, at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        newId(),
        event.type,
        event.subject.type,
        event.subject.id,
        event.customerId ?? null,
        event.actor,
        event.reason ?? null,
        event.before ?? null,
        event.after ?? null,
        event.at ?? this.clock.now(),
      ],
    );
  }

  /** What happened to one subject, in order; `after` is the id of the last event already seen. */
  listOf(subjectId: string, page: { limit: number; after: string | null }): Promise<RecordedEvent[]> {
    return this.database.query<RecordedEvent>(
      `select ${COLUMNS} from events where subject_id = $1 and ($2::uuid is null or id > $2) order by id limit $3`,
      [subjectId, page.after, page.limit + 1],
    );
  }
}
