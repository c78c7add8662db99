import { Injectable } from '@nestjs/common';
import { newId, type PageRequest } from '@app/kernel';
import { arrayLiteral, type ArrayItem, Database } from '@app/platform';
import type { Attempt, Delivery, DeliveryStatus, LoggedDelivery, NewDelivery } from './delivery.js';
import { UNHEALTHY_AFTER } from './domain/retry-schedule.js';

/** A destination with attempts in flight in this process. */
export interface BusyDestination {
  destination: string;
  attempts: number;
}

export interface ClaimOptions {
  now: Date;
  /** End of the lease: no other worker claims these deliveries before. */
  leaseUntil: Date;
  busy: BusyDestination[];
  /** Concurrent attempts for a healthy destination. */
  perDestination: number;
}

/** The result of a claimed delivery. */
export interface DeliveryOutcome {
  id: string;
  /** The attempt that was claimed. A result for an older attempt is ignored: another worker has claimed it since. */
  attempt: number;
  status: DeliveryStatus;
  dueAt: Date | null;
  log: Attempt;
}

/** A pause of a destination in ms. */
export interface Pause {
  destination: string;
  ms: number;
}

export interface DestinationFailure {
  destination: string;
  failures: number;
  failingSince: Date;
}

export interface DeliveryFilter {
  destinations: string[];
  status?: DeliveryStatus;
  messageId?: string;
  type?: string;
}

const COLUMNS = `id, lane as destination, message_id as "messageId", type, status, outcome, attempts, due_at as "dueAt", log, created_at as "createdAt", settled_at as "settledAt"`;

/** Destinations with waiting deliveries, by a loose index scan: one index lookup per destination. */
const WAITING_DESTINATIONS = `with recursive lanes (lane) as (
         (select lane from deliveries where due_at is not null order by lane limit 1)
         union all
         select (select d.lane from deliveries d where d.due_at is not null and d.lane > l.lane order by d.lane limit 1) from lanes l where l.lane is not null
       )`;

/**
 * SQL of `deliveries` and `delivery_lanes`. The column `lane` holds the destination: the name is kept for older
 * instances.
 */
@Injectable()
export class DeliveriesRepository {
  constructor(private readonly database: Database) {}

  /** Enqueues deliveries; a message that is already enqueued for a destination is skipped. Needs a transaction. */
  async insert(deliveries: NewDelivery[], now: Date): Promise<void> {
    const column = (read: (delivery: NewDelivery) => ArrayItem): string => arrayLiteral(deliveries.map(read));
    await this.database.write(
      `insert into deliveries (id, channel, lane, message_id, type, status, due_at, created_at)
       select id, channel, lane, message_id, type, 'pending', $6, $6 from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[]) as d (id, channel, lane, message_id, type)
       on conflict (message_id, lane) do nothing`,
      [
        column(() => newId()),
        column(({ channel }) => channel),
        column(({ destination }) => destination),
        column(({ messageId }) => messageId),
        column(({ type }) => type),
        now,
      ],
    );
  }

  /**
   * Claims due deliveries per destination, oldest first, up to the free capacity of each, so that a million deliveries
   * for one destination do not delay the others. Claims commit with synchronous_commit = off: one lost in a crash is
   * simply claimed again.
   */
  claim({ now, leaseUntil, busy, perDestination }: ClaimOptions): Promise<Delivery[]> {
    return this.database.write<Delivery>(
      `${WAITING_DESTINATIONS}, open as (
         select l.lane, case when h.failures >= ${UNHEALTHY_AFTER} then 1 else $3::integer end - coalesce(b.attempts, 0) as room
         from lanes l left join delivery_lanes h on h.lane = l.lane left join unnest($4::uuid[], $5::integer[]) as b (lane, attempts) on b.lane = l.lane
         where l.lane is not null and (h.paused_until is null or h.paused_until <= $1)
       ), due as (
         select d.id from open o cross join lateral (
           select id from deliveries where lane = o.lane and due_at <= $1 order by due_at limit greatest(o.room, 0) for update skip locked) d
       ), settings as (
         select set_config('synchronous_commit', 'off', true)
       )
       update deliveries d set attempts = attempts + 1, due_at = $2 from due, settings where d.id = due.id
       returning d.id, d.channel, d.lane as destination, d.message_id as "messageId", d.type, d.attempts as attempt, d.created_at as "createdAt"`,
      [
        now,
        leaseUntil,
        perDestination,
        arrayLiteral(busy.map(({ destination }) => destination)),
        arrayLiteral(busy.map(({ attempts }) => attempts)),
      ],
    );
  }

  /** When the next delivery is due, except for paused destinations. */
  async oldestDue(now: Date): Promise<Date | null> {
    const [row] = await this.database.query<{ due: Date | null }>(
      `${WAITING_DESTINATIONS}
       select min(d.due_at) as due from lanes l left join delivery_lanes h on h.lane = l.lane
       cross join lateral (select due_at from deliveries where lane = l.lane and due_at is not null order by due_at limit 1) d
       where h.paused_until is null or h.paused_until <= $1`,
      [now],
    );
    return row!.due;
  }

  /** Stores results; a delivery that another worker has claimed since is left unchanged. */
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

  /** Adds one consecutive failure to each destination. @returns their failure counts */
  countFailures(destinations: string[], now: Date): Promise<DestinationFailure[]> {
    return this.database.write<DestinationFailure>(
      `insert into delivery_lanes as l (lane, failures, failing_since) select lane, 1, $2 from unnest($1::uuid[]) as f (lane) order by lane
       on conflict (lane) do update set failures = l.failures + 1, failing_since = coalesce(l.failing_since, excluded.failing_since)
       returning lane as destination, failures, failing_since as "failingSince"`,
      [arrayLiteral(destinations), now],
    );
  }

  /** Pauses destinations; the longest pause of a destination wins. */
  async pause(pauses: Pause[], now: Date): Promise<void> {
    await this.database.write(
      `insert into delivery_lanes as l (lane, failures, paused_until)
       select lane, 0, $3::timestamptz + max(ms) * interval '1 millisecond' from unnest($1::uuid[], $2::integer[]) as p (lane, ms) group by lane order by lane
       on conflict (lane) do update set paused_until = greatest(l.paused_until, excluded.paused_until)`,
      [arrayLiteral(pauses.map(({ destination }) => destination)), arrayLiteral(pauses.map(({ ms }) => ms)), now],
    );
  }

  /** Marks destinations as healthy. */
  async clearFailures(destinations: string[]): Promise<void> {
    await this.database.write('delete from delivery_lanes where lane = any($1::uuid[])', [arrayLiteral(destinations)]);
  }

  destinationStates(
    destinations: string[],
  ): Promise<{ destination: string; failingSince: Date | null; pausedUntil: Date | null }[]> {
    return this.database.query(
      'select lane as destination, failing_since as "failingSince", paused_until as "pausedUntil" from delivery_lanes where lane = any($1::uuid[])',
      [arrayLiteral(destinations)],
    );
  }

  /** Destinations whose last attempt failed. */
  failing(): Promise<{ destination: string; failures: number; failingSince: Date }[]> {
    return this.database.query(
      'select lane as destination, failures, failing_since as "failingSince" from delivery_lanes where failing_since is not null order by lane',
    );
  }

  /**
   * Enqueues finished or new deliveries from their first attempt. Needs a transaction.
   * @returns the number of deliveries enqueued
   */
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
        column(({ destination }) => destination),
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

  async deliveredTo(destination: string, messageIds: string[]): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `select message_id as id from deliveries where lane = $1 and message_id = any($2::uuid[]) and status = 'delivered'`,
      [destination, arrayLiteral(messageIds)],
    );
    return rows.map(({ id }) => id);
  }

  /** Lists deliveries, newest first. */
  list(page: PageRequest, { destinations, status, messageId, type }: DeliveryFilter): Promise<LoggedDelivery[]> {
    return this.database.query<LoggedDelivery>(
      `select ${COLUMNS} from deliveries where lane = any($1::uuid[]) and ($2::text is null or status = $2) and ($3::uuid is null or message_id = $3) and ($4::text is null or type = $4)
         and ($5::uuid is null or id < $5) order by id desc limit $6`,
      [arrayLiteral(destinations), status ?? null, messageId ?? null, type ?? null, page.after, page.limit + 1],
    );
  }

  /** Deletes the deliveries of messages of a channel. Needs a transaction. */
  async deleteMessages(channel: string, messageIds: string[]): Promise<void> {
    await this.database.write('delete from deliveries where channel = $1 and message_id = any($2::uuid[])', [
      channel,
      arrayLiteral(messageIds),
    ]);
  }

  /** Deletes a batch of deliveries that finished before an instant. @returns the number of rows deleted */
  purge(before: Date): Promise<number> {
    return this.database.deleteBatch('deliveries', 'id', 'settled_at < $1 order by settled_at', [before]);
  }
}
