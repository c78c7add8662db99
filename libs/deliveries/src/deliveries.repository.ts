import { Injectable } from '@nestjs/common';
import { newId, type PageRequest } from '@app/kernel';
import { arrayLiteral, type ArrayItem, Database } from '@app/platform';
import type { Attempt, Delivery, DeliveryStatus, LoggedDelivery, NewDelivery } from './delivery.js';
import { SICK_AFTER } from './domain/retry-schedule.js';

/** A lane in which this process has attempts under way. */
export interface Busy {
  lane: string;
  attempts: number;
}

export interface ClaimOptions {
  now: Date;
  /** Until then nobody else claims what is claimed here. */
  until: Date;
  busy: Busy[];
  /** Of a lane that is well. */
  room: number;
}

/** What became of a claimed delivery. */
export interface DeliveryOutcome {
  id: string;
  /** That it was claimed for: nobody else has claimed it since. */
  attempt: number;
  status: DeliveryStatus;
  dueAt: Date | null;
  log: Attempt;
}

/** A lane that is to be left alone for so long. */
export interface Pause {
  lane: string;
  ms: number;
}

export interface LaneFailure {
  lane: string;
  failures: number;
  failingSince: Date;
}

export interface DeliveryFilter {
  lanes: string[];
  status?: DeliveryStatus;
  messageId?: string;
  type?: string;
}

const COLUMNS = `id, lane, message_id as "messageId", type, status, outcome, attempts, due_at as "dueAt", log, created_at as "createdAt", settled_at as "settledAt"`;

/** The lanes in which something waits, found by hopping over the index from one to the next. */
const LANES = `with recursive lanes (lane) as (
         (select lane from deliveries where due_at is not null order by lane limit 1)
         union all
         select (select d.lane from deliveries d where d.due_at is not null and d.lane > l.lane order by d.lane limit 1) from lanes l where l.lane is not null
       )`;

@Injectable()
export class DeliveriesRepository {
  constructor(private readonly database: Database) {}

  /** What was asked for before is asked for once. Needs a transaction. */
  async insert(deliveries: NewDelivery[], now: Date): Promise<void> {
    const column = (read: (delivery: NewDelivery) => ArrayItem): string => arrayLiteral(deliveries.map(read));
    await this.database.write(
      `insert into deliveries (id, channel, lane, message_id, type, status, due_at, created_at)
       select id, channel, lane, message_id, type, 'pending', $6, $6 from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[]) as d (id, channel, lane, message_id, type)
       on conflict (message_id, lane) do nothing`,
      [
        column(() => newId()),
        column(({ channel }) => channel),
        column(({ lane }) => lane),
        column(({ messageId }) => messageId),
        column(({ type }) => type),
        now,
      ],
    );
  }

  /**
   * Claims what is due, lane by lane, oldest first, as far as each has room, so that a million messages in one cost the
   * others nothing. The claim is not waited for on disk: lost in a crash, it was none.
   */
  claim({ now, until, busy, room }: ClaimOptions): Promise<Delivery[]> {
    return this.database.write<Delivery>(
      `${LANES}, open as (
         select l.lane, case when h.failures >= ${SICK_AFTER} then 1 else $3::integer end - coalesce(b.attempts, 0) as room
         from lanes l left join delivery_lanes h on h.lane = l.lane left join unnest($4::uuid[], $5::integer[]) as b (lane, attempts) on b.lane = l.lane
         where l.lane is not null and (h.paused_until is null or h.paused_until <= $1)
       ), due as (
         select d.id from open o cross join lateral (
           select id from deliveries where lane = o.lane and due_at <= $1 order by due_at limit greatest(o.room, 0) for update skip locked) d
       ), settings as (
         select set_config('synchronous_commit', 'off', true)
       )
       update deliveries d set attempts = attempts + 1, due_at = $2 from due, settings where d.id = due.id
       returning d.id, d.channel, d.lane, d.message_id as "messageId", d.type, d.attempts as attempt, d.created_at as "createdAt"`,
      [
        now,
        until,
        room,
        arrayLiteral(busy.map(({ lane }) => lane)),
        arrayLiteral(busy.map(({ attempts }) => attempts)),
      ],
    );
  }

  /** The earliest instant at which one is due, in the lanes that do not rest. */
  async oldestDue(now: Date): Promise<Date | null> {
    const [row] = await this.database.query<{ due: Date | null }>(
      `${LANES}
       select min(d.due_at) as due from lanes l left join delivery_lanes h on h.lane = l.lane
       cross join lateral (select due_at from deliveries where lane = l.lane and due_at is not null order by due_at limit 1) d
       where h.paused_until is null or h.paused_until <= $1`,
      [now],
    );
    return row!.due;
  }

  /** Leaves alone what somebody else has claimed since. */
  async recordOutcomes(settled: DeliveryOutcome[], now: Date): Promise<void> {
    const column = (read: (one: DeliveryOutcome) => ArrayItem): string => arrayLiteral(settled.map(read));
    await this.database.write(
      `update deliveries d set status = s.status, outcome = s.outcome, due_at = s.due_at, settled_at = case when s.due_at is null then $7::timestamptz end, log = d.log || s.log
       from unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::timestamptz[], $6::jsonb[]) as s (id, attempt, status, outcome, due_at, log)
       where d.id = s.id and d.attempts = s.attempt and d.status = 'pending'`,
      [
        column(({ id }) => id),
        column(({ attempt }) => attempt),
        column(({ status }) => status),
        column(({ log }) => log.outcome),
        column(({ dueAt }) => dueAt),
        column(({ log }) => log),
        now,
      ],
    );
  }

  /** Counts one more failure in a row of each of these lanes. @returns how they stand */
  countFailures(lanes: string[], now: Date): Promise<LaneFailure[]> {
    return this.database.write<LaneFailure>(
      `insert into delivery_lanes as l (lane, failures, failing_since) select lane, 1, $2 from unnest($1::uuid[]) as f (lane) order by lane
       on conflict (lane) do update set failures = l.failures + 1, failing_since = coalesce(l.failing_since, excluded.failing_since)
       returning lane, failures, failing_since as "failingSince"`,
      [arrayLiteral(lanes), now],
    );
  }

  /** Of several pauses of a lane the longest counts. */
  async pause(pauses: Pause[], now: Date): Promise<void> {
    await this.database.write(
      `insert into delivery_lanes as l (lane, failures, paused_until)
       select lane, 0, $3::timestamptz + max(ms) * interval '1 millisecond' from unnest($1::uuid[], $2::integer[]) as p (lane, ms) group by lane order by lane
       on conflict (lane) do update set paused_until = greatest(l.paused_until, excluded.paused_until)`,
      [arrayLiteral(pauses.map(({ lane }) => lane)), arrayLiteral(pauses.map(({ ms }) => ms)), now],
    );
  }

  /** Lanes that are well again. */
  async clearFailures(lanes: string[]): Promise<void> {
    await this.database.write('delete from delivery_lanes where lane = any($1::uuid[])', [arrayLiteral(lanes)]);
  }

  laneStates(lanes: string[]): Promise<{ lane: string; failingSince: Date | null; pausedUntil: Date | null }[]> {
    return this.database.query(
      'select lane, failing_since as "failingSince", paused_until as "pausedUntil" from delivery_lanes where lane = any($1::uuid[])',
      [arrayLiteral(lanes)],
    );
  }

  /** Starts all over with what is done with, or was never asked for. Needs a transaction. @returns how many are on their way now */
  async redeliver(deliveries: NewDelivery[], now: Date): Promise<number> {
    const column = (read: (delivery: NewDelivery) => ArrayItem): string => arrayLiteral(deliveries.map(read));
    const rows = await this.database.write(
      `insert into deliveries as d (id, channel, lane, message_id, type, status, due_at, created_at)
       select id, channel, lane, message_id, type, 'pending', $6, $6 from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[]) as n (id, channel, lane, message_id, type)
       on conflict (message_id, lane) do update set status = 'pending', attempts = 0, due_at = excluded.due_at, settled_at = null where d.status <> 'pending'
       returning 1`,
      [
        column(() => newId()),
        column(({ channel }) => channel),
        column(({ lane }) => lane),
        column(({ messageId }) => messageId),
        column(({ type }) => type),
        now,
      ],
    );
    return rows.length;
  }

  async find(id: string): Promise<LoggedDelivery | null> {
    const [found] = await this.database.query<LoggedDelivery>(`select ${COLUMNS} from deliveries where id = $1`, [id]);
    return found ?? null;
  }

  async arrived(lane: string, messageIds: string[]): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `select message_id as id from deliveries where lane = $1 and message_id = any($2::uuid[]) and status = 'delivered'`,
      [lane, arrayLiteral(messageIds)],
    );
    return rows.map(({ id }) => id);
  }

  /** Newest first. */
  list(page: PageRequest, { lanes, status, messageId, type }: DeliveryFilter): Promise<LoggedDelivery[]> {
    return this.database.query<LoggedDelivery>(
      `select ${COLUMNS} from deliveries where lane = any($1::uuid[]) and ($2::text is null or status = $2) and ($3::uuid is null or message_id = $3) and ($4::text is null or type = $4)
         and ($5::uuid is null or id < $5) order by id desc limit $6`,
      [arrayLiteral(lanes), status ?? null, messageId ?? null, type ?? null, page.after, page.limit + 1],
    );
  }

  /** Messages that somebody asked for do not go out any more. Needs a transaction. */
  async deleteMessages(channel: string, messageIds: string[]): Promise<void> {
    await this.database.write('delete from deliveries where channel = $1 and message_id = any($2::uuid[])', [
      channel,
      arrayLiteral(messageIds),
    ]);
  }

  /** Removes a batch of what was done with before. @returns how many rows went */
  purge(before: Date): Promise<number> {
    return this.database.deleteBatch('deliveries', 'id', 'settled_at < $1 order by settled_at', [before]);
  }
}
