import { Injectable } from '@nestjs/common';
import { Clock, idBefore, newId, timeOfId } from '@app/kernel';
import { arrayLiteral, Database } from '@app/platform';
import {
  type Subscription,
  type SubscriptionEventType,
  type SubscriptionRow,
  subscriptionFromRow,
} from '@app/subscriptions';
import {
  type Position,
  positionOf,
  type StoredEvent,
  storedState,
  type StoredState,
  type SubscriptionIdentity,
} from './domain/position.js';
import type { SubscriptionKey } from './usage-charges.repository.js';

/** An event that is to be billed. */
export interface AnnouncedEvent {
  subscriptionId: string;
  sequence: number;
  at: Date;
}

/** An unread event of a subscription. */
export interface UnreadEvent extends StoredEvent {
  subscriptionId: string;
  type: SubscriptionEventType;
  sequence: number;
  at: Date;
}

interface PositionRow extends SubscriptionIdentity {
  sequence: number;
  state: StoredState | null;
  updatedAt: Date;
  rereads: boolean;
}

/** A locked position, and when it was last written. */
export interface LockedPosition extends Position {
  updatedAt: Date;
  /** True when earlier usage is to be judged again: see `requestReread`. */
  rereads: boolean;
}

/** A fact of a customer that changes usage that may be charged already, or its price. */
export interface UsageFact {
  customerId: string;
  /** The products that the customer is or was subscribed to. */
  productIds: string[];
  at: Date;
  /** Start of the window whose usage changed; null: only prices have. */
  windowStart: Date | null;
}

/** Kinds of `UsageFact`, as events. Late usage and grants are no events: see `MEMORY_MS`. */
export const USAGE_FACTS = ['usage.corrected', 'usage.counter_rebuilt', 'entitlement.overridden'] as const;

const SELECTED = `b.customer_id as "customerId", b.subscription_id as id, b.product_id as "productId", b.test_clock_id as "testClockId",
  b.sequence::float8 as sequence, b.state, b.updated_at as "updatedAt", b.reread_from is not null as rereads`;
/** The present of the customer of a position: of its test clock, or real time. */
const presentOr = (real: string): string =>
  `coalesce((select t.now from test_clocks t where t.id = b.test_clock_id), ${real}::timestamptz)`;
/**
 * Events that were not announced to the position because billing was off: the position starts again at the announced
 * one. While billing is on, a position that is not due has read every event before.
 */
const MISSED = `(b.due_at is null or b.due_at > excluded.due_at) and b.sequence < excluded.sequence`;
const ANNOUNCE = (
  source: string,
): string => `insert into billed_subscriptions as b (customer_id, subscription_id, product_id, test_clock_id, sequence, due_at, created_at, updated_at)
  select s.customer_id, s.id, s.product_id, s.test_clock_id, a.sequence - 1, a.at, $1, $1 from (${source}) a join subscriptions s on s.id = a.id
  where not exists (select 1 from billed_subscriptions r where r.customer_id = s.customer_id and r.subscription_id = s.id and r.sequence >= a.last) order by s.id
  on conflict (customer_id, subscription_id) do update set due_at = least(b.due_at, excluded.due_at),
    state = case when ${MISSED} then null else b.state end, sequence = case when ${MISSED} then excluded.sequence else b.sequence end`;
/** Margin of clocks of several processes and of transactions under way. Milliseconds. */
const ID_MARGIN_MS = 3_600_000;

/** SQL of the positions of billing in the events of subscriptions. */
@Injectable()
export class BilledSubscriptionsRepository {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Makes subscriptions due for billing: one first heard of is billed from its announced event on. */
  async announce(events: AnnouncedEvent[], now: Date): Promise<void> {
    await this.database.write(
      ANNOUNCE(
        'select u.id, min(u.sequence) as sequence, max(u.sequence) as last, min(u.at) as at from unnest($2::uuid[], $3::bigint[], $4::timestamptz[]) u (id, sequence, at) group by u.id',
      ),
      [
        now,
        arrayLiteral(events.map(({ subscriptionId }) => subscriptionId)),
        arrayLiteral(events.map(({ sequence }) => sequence)),
        arrayLiteral(events.map(({ at }) => at)),
      ],
    );
  }

  /** As `announce`, for the events of one test clock that are not published yet. */
  async announceUnpublished(testClockId: string, now: Date): Promise<void> {
    await this.database.write(
      ANNOUNCE(
        `select e.subject_id as id, min(e.sequence) as sequence, max(e.sequence) as last, min(e.at) as at from event_outbox o join events e on e.id = o.event_id
         join subscriptions c on c.id = e.subject_id and c.test_clock_id = $2 join products p on p.id = c.product_id and p.billing is not null group by e.subject_id`,
      ),
      [now, testClockId],
    );
  }

  /** Facts of `USAGE_FACTS` on one test clock that are not published yet. */
  unpublishedFacts(testClockId: string): Promise<UsageFact[]> {
    return this.database.query<UsageFact>(
      `select e.subject_id as "customerId", array(select b.product_id from billed_subscriptions b where b.customer_id = c.id) as "productIds", e.at,
         (e.after ->> 'windowStart')::timestamptz as "windowStart"
       from event_outbox o join events e on e.id = o.event_id join customers c on c.id = e.subject_id and c.test_clock_id = $1 where e.type = any($2::text[])`,
      [testClockId, USAGE_FACTS],
    );
  }

  /**
   * Makes subscriptions due that a fact concerns. Usage that no next invoice would judge again is judged from the start
   * of the window: that of stopped subscriptions, and of windows that began before the memory of charges.
   */
  async noteFacts(facts: UsageFact[], memoryMs: number): Promise<void> {
    if (facts.length === 0) return;
    await this.database.write(
      `update billed_subscriptions b set due_at = least(b.due_at, ${presentOr('$2')}), reread_from = least(b.reread_from, f.since)
       from (select b.customer_id, b.subscription_id, min(f.since) filter (where b.state @> '{"hadUsage": true}' and (f.is_old or
           coalesce(b.state #>> '{facts,endedAt}', b.state #>> '{facts,pausedAt}') is not null)) as since
         from json_to_recordset($1::json) f (customer uuid, products uuid[], since timestamptz, is_old boolean)
         join billed_subscriptions b on b.customer_id = f.customer and b.product_id = any(f.products) and b.state is not null group by 1, 2) f
       where b.customer_id = f.customer_id and b.subscription_id = f.subscription_id`,
      [
        JSON.stringify(
          facts.map(({ customerId, productIds, at, windowStart }) => ({
            customer: customerId,
            products: productIds,
            since: windowStart,
            is_old: windowStart !== null && windowStart.getTime() < at.getTime() - memoryMs,
          })),
        ),
        this.clock.now(),
      ],
    );
  }

  /** Usage of a subscription from an instant on is judged again with its next invoice. The subscription is due. */
  async requestReread({ customerId, subscriptionId }: SubscriptionKey, from: Date): Promise<void> {
    await this.database.write(
      `update billed_subscriptions b set due_at = least(b.due_at, ${presentOr('$4')}), reread_from = least(b.reread_from, $3)
       where b.customer_id = $1 and b.subscription_id = $2 and b.state is not null`,
      [customerId, subscriptionId, from, this.clock.now()],
    );
  }

  /** Locks due positions that no other worker has locked, longest overdue first. */
  async lockDue(now: Date, limit: number): Promise<LockedPosition[]> {
    return this.positions(
      `select ${SELECTED} from billed_subscriptions b where b.due_at <= $1 and b.test_clock_id is null and coalesce(b.retry_at, b.due_at) <= $1 order by b.due_at limit $2 for update skip locked`,
      [now, limit],
    );
  }

  /** Locks positions whose next invoice is to be announced, of real time or of one test clock. */
  lockUpcoming(testClockId: string | null, limit: number): Promise<LockedPosition[]> {
    const [condition, values] = testClockId === null ? ['is null', []] : ['= $2', [testClockId]];
    return this.positions(
      `select ${SELECTED} from billed_subscriptions b where b.upcoming_at is not null and b.test_clock_id ${condition} order by b.upcoming_at limit $1 for update skip locked`,
      [limit, ...values],
    );
  }

  /** Removes the announcements of locked positions: they are written. */
  async clearUpcoming(positions: Position[]): Promise<void> {
    await this.database.write(
      `update billed_subscriptions b set upcoming_at = null from unnest($1::uuid[], $2::uuid[]) r (customer, id) where b.customer_id = r.customer and b.subscription_id = r.id`,
      [
        arrayLiteral(positions.map(({ identity }) => identity.customerId)),
        arrayLiteral(positions.map(({ identity }) => identity.id)),
      ],
    );
  }

  /** Locks due positions of one test clock, waiting for other locks. */
  async lockDueOnClock(testClockId: string, now: Date, limit: number): Promise<LockedPosition[]> {
    return this.positions(
      `select ${SELECTED} from billed_subscriptions b where b.test_clock_id = $1 and b.due_at <= $2 and coalesce(b.retry_at, b.due_at) <= $2 order by b.due_at, b.subscription_id limit $3 for update`,
      [testClockId, now, limit],
    );
  }

  /** The position of a subscription; null when there is none. */
  async find({ customerId, id }: Pick<Subscription, 'customerId' | 'id'>): Promise<LockedPosition | null> {
    const [row] = await this.database.query<PositionRow>(
      `select ${SELECTED} from billed_subscriptions b where b.customer_id = $1 and b.subscription_id = $2`,
      [customerId, id],
    );
    return row ? read(row) : null;
  }

  /** The next due instant on a test clock; null when nothing is foreseen. */
  async nextOnClock(testClockId: string): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date | null }>(
      'select min(greatest(due_at, retry_at)) as at from billed_subscriptions where test_clock_id = $1 and due_at is not null',
      [testClockId],
    );
    return row!.at;
  }

  /** True when a customer of the test clock has a subscription on a product that is billed, or an open checkout. */
  async isOnClock(testClockId: string): Promise<boolean> {
    const rows = await this.database.query(
      `select 1 from subscriptions s join products p on p.id = s.product_id and p.billing is not null where s.test_clock_id = $1
       union all select 1 from checkouts k where k.test_clock_id = $1 and k.status = 'open' limit 1`,
      [testClockId],
    );
    return rows.length > 0;
  }

  /** Test clocks that show a time at which a position is due. */
  async dueClocks(): Promise<{ id: string; now: Date }[]> {
    return this.database.query(
      `select distinct c.id, c.now from billed_subscriptions b join test_clocks c on c.id = b.test_clock_id
       where b.test_clock_id is not null and b.due_at <= c.now and coalesce(b.retry_at, b.due_at) <= c.now and c.deleted_at is null`,
    );
  }

  /** Unread events of positions, oldest first per subscription. */
  unread(positions: LockedPosition[]): Promise<UnreadEvent[]> {
    // Ids begin with their time: with a state, events of the past need not be read to be skipped.
    const since = ({ state, updatedAt }: LockedPosition): string =>
      idBefore(new Date(state ? updatedAt.getTime() - ID_MARGIN_MS : 0));
    return this.database.query(
      `select p.id as "subscriptionId", e.type, e.sequence::float8 as sequence, e.at, e.before, e.after
       from unnest($1::uuid[], $2::bigint[], $3::uuid[]) p (id, seen, since) cross join lateral (
         select * from events e where e.subject_id = p.id and e.id >= p.since and e.sequence > p.seen) e order by p.id, e.sequence`,
      [
        arrayLiteral(positions.map(({ identity }) => identity.id)),
        arrayLiteral(positions.map(({ sequence }) => sequence)),
        arrayLiteral(positions.map(since)),
      ],
    );
  }

  /** Subscriptions as they are stored, by id, with the sequence of their last event: in one snapshot. */
  async present(ids: string[]): Promise<Map<string, { subscription: Subscription; last: number }>> {
    if (ids.length === 0) return new Map();
    const rows = await this.database.query<{ row: SubscriptionRow; last: number }>(
      `select to_json(s) as row, q.last::float8 as last from subscriptions s join event_sequences q on q.subject_id = s.id where s.id = any($1::uuid[])`,
      [ids],
    );
    return new Map(
      rows.map(({ row, last }) => {
        const subscription = subscriptionFromRow(row);
        return [subscription.id, { subscription, last }];
      }),
    );
  }

  /** Writes positions that this transaction has locked, at the time in which ids are: see `unread`. */
  async save(positions: (Position & { dueAt: Date | null; upcomingAt: Date | null })[]): Promise<void> {
    await this.database.write(
      `update billed_subscriptions b set sequence = r.sequence, state = r.state::jsonb, due_at = r.due_at,
         upcoming_at = coalesce(r.upcoming_at, b.upcoming_at), updated_at = $7
       from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[], $6::timestamptz[]) r (customer, id, sequence, state, due_at, upcoming_at)
       where b.customer_id = r.customer and b.subscription_id = r.id`,
      [
        arrayLiteral(positions.map(({ identity }) => identity.customerId)),
        arrayLiteral(positions.map(({ identity }) => identity.id)),
        arrayLiteral(positions.map(({ sequence }) => sequence)),
        arrayLiteral(positions.map((position) => storedState(position))),
        arrayLiteral(positions.map(({ dueAt }) => dueAt)),
        arrayLiteral(positions.map(({ upcomingAt }) => upcomingAt)),
        timeOfId(newId()),
      ],
    );
  }

  /**
   * Keeps a locked position from being billed until an instant. It stays due: an event that is announced meanwhile must
   * find that earlier ones are unread.
   */
  async postpone({ customerId, id }: SubscriptionIdentity, until: Date): Promise<void> {
    await this.database.write(
      'update billed_subscriptions set retry_at = $3 where customer_id = $1 and subscription_id = $2',
      [customerId, id, until],
    );
  }

  private async positions(sql: string, parameters: unknown[]): Promise<LockedPosition[]> {
    const rows = await this.database.write<PositionRow>(sql, parameters);
    return rows.map(read);
  }
}

const read = ({ sequence, state, updatedAt, rereads, ...identity }: PositionRow): LockedPosition => ({
  ...positionOf(identity, { sequence, state }),
  updatedAt,
  rereads,
});
