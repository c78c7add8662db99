import { Injectable } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { arrayLiteral, Database } from '@app/platform';

const DAY_MS = 86_400_000;
/** Days for which every published event can be read and sent again. */
export const FEED_DAYS = 30;
/** Kept longer than `FEED_DAYS`, because delivery attempts last up to three days. Milliseconds. */
const KEPT_MS = (FEED_DAYS + 5) * DAY_MS;

/** A published event with its position in the feed. */
export interface FeedEntry {
  position: number;
  eventId: string;
  type: string;
  /** JSON text, equal to the body that webhooks send. */
  body: string;
}

/** Conditions on events; an omitted one accepts all events. */
export interface FeedFilter {
  productId?: string | null;
  customerId?: string | null;
  /** Types, or kinds such as `subscription.*`. Empty: all. */
  types?: readonly string[];
}

/** SQL of a filter; its parameters start at $2. */
const MATCHES = `($2::uuid is null or $2 = any(product_ids)) and ($3::uuid is null or customer_id = $3)
  and (cardinality($4::text[]) = 0 or type = any($4) or split_part(type, '.', 1) || '.*' = any($4))`;
const parametersOf = ({ productId = null, customerId = null, types = [] }: FeedFilter): unknown[] => [
  productId,
  customerId,
  arrayLiteral([...types]),
];

/** Published events in one global order, kept for `FEED_DAYS` days. */
@Injectable()
export class EventFeed {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Returns the last position; 0 when nothing was published yet. */
  async last(): Promise<number> {
    const [row] = await this.database.query<{ position: number }>(
      'select coalesce(max(position), 0)::float8 as position from event_feed',
    );
    return row!.position;
  }

  /** Returns the first position still kept; null when the feed is empty. */
  async first(): Promise<number | null> {
    const [row] = await this.database.query<{ position: number | null }>(
      'select min(position)::float8 as position from event_feed',
    );
    return row!.position;
  }

  /**
   * Reads entries after a position, up to and including another.
   * @example const entries = await feed.after(lastSeen, await feed.last(), { types: ['subscription.*'] }, 100);
   */
  after(position: number, until: number, filter: FeedFilter, limit: number): Promise<FeedEntry[]> {
    return this.database.query<FeedEntry>(
      `select position::float8 as position, event_id as "eventId", type, body from event_feed where position > $1 and ${MATCHES} and position <= $5 order by position limit $6`,
      [position, ...parametersOf(filter), until, limit],
    );
  }

  /** Reads entries published in `[from, to)`, oldest first, after a position. */
  between(
    from: Date,
    to: Date,
    filter: FeedFilter,
    { after, limit }: { after: number; limit: number },
  ): Promise<FeedEntry[]> {
    return this.database.query<FeedEntry>(
      `select position::float8 as position, event_id as "eventId", type, body from event_feed where position > $1 and ${MATCHES} and published_at >= $5 and published_at < $6 order by position limit $7`,
      [after, ...parametersOf(filter), from, to, limit],
    );
  }

  /** Returns message bodies by event id; events no longer kept are left out. */
  async bodies(eventIds: string[]): Promise<Map<string, string>> {
    const rows = await this.database.query<{ id: string; body: string }>(
      'select event_id as id, body from event_feed where event_id = any($1::uuid[])',
      [arrayLiteral(eventIds)],
    );
    return new Map(rows.map(({ id, body }) => [id, body]));
  }

  /** Deletes a batch of expired entries. @returns the number of rows deleted */
  purge(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - KEPT_MS);
    return this.database.transaction(() =>
      this.database.deleteBatch('event_feed', 'position', 'published_at < $1 order by published_at', [before]),
    );
  }
}
