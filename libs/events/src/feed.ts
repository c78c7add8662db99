import { Injectable } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { arrayLiteral, Database } from '@app/platform';

const DAY_MS = 86_400_000;
/** So long everything can be read, and sent again. */
export const FEED_DAYS = 30;
/** Longer than that by what sending takes, three days of attempts. */
const KEPT_MS = (FEED_DAYS + 5) * DAY_MS;

/** An event in its place among all. */
export interface FeedEntry {
  position: number;
  eventId: string;
  type: string;
  /** As it is sent. */
  body: string;
}

/** Which events somebody sees. What is left out does not matter. */
export interface FeedFilter {
  productId?: string | null;
  customerId?: string | null;
  /** Types, or the beginnings of some: `subscription.*`. Empty: all. */
  types?: readonly string[];
}

/** With the parameters of a filter from the second one on. */
const MATCHES = `($2::uuid is null or $2 = any(product_ids)) and ($3::uuid is null or customer_id = $3)
  and (cardinality($4::text[]) = 0 or type = any($4) or split_part(type, '.', 1) || '.*' = any($4))`;
const parametersOf = ({ productId = null, customerId = null, types = [] }: FeedFilter): unknown[] => [
  productId,
  customerId,
  arrayLiteral([...types]),
];

/** What was told, in the order in which it was told. */
@Injectable()
export class EventFeed {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** The last position; 0 when nothing was told yet. */
  async last(): Promise<number> {
    const [row] = await this.database.query<{ position: number }>(
      'select coalesce(max(position), 0)::float8 as position from event_feed',
    );
    return row!.position;
  }

  /** The first position that is still kept; null when there is none. */
  async first(): Promise<number | null> {
    const [row] = await this.database.query<{ position: number | null }>(
      'select min(position)::float8 as position from event_feed',
    );
    return row!.position;
  }

  /** What was told after a position, up to another. */
  after(position: number, until: number, filter: FeedFilter, limit: number): Promise<FeedEntry[]> {
    return this.database.query<FeedEntry>(
      `select position::float8 as position, event_id as "eventId", type, body from event_feed where position > $1 and ${MATCHES} and position <= $5 order by position limit $6`,
      [position, ...parametersOf(filter), until, limit],
    );
  }

  /** What was told in a span of time, oldest first, from a position on. */
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

  /** What was said of events, by their ids; what is kept no longer is not there. */
  async bodies(eventIds: string[]): Promise<Map<string, string>> {
    const rows = await this.database.query<{ id: string; body: string }>(
      'select event_id as id, body from event_feed where event_id = any($1::uuid[])',
      [arrayLiteral(eventIds)],
    );
    return new Map(rows.map(({ id, body }) => [id, body]));
  }

  /** Removes a batch of what was told more than a month ago. @returns how many rows went */
  purge(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - KEPT_MS);
    return this.database.transaction(() =>
      this.database.deleteBatch('event_feed', 'position', 'published_at < $1 order by published_at', [before]),
    );
  }
}
