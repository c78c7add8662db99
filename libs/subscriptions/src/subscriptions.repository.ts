import { Injectable } from '@nestjs/common';
import { grouped, type PageRequest, type ScopeFilter } from '@app/kernel';
import {
  type ArrayItem,
  arrayLiteral,
  Batcher,
  Database,
  inScope,
  type Outcome,
  PipelinedDatabase,
  type Statement,
} from '@app/platform';
import { dueAt } from './domain/time.js';
import { isUpcoming, type Subscription, type SubscriptionStatus } from './domain/subscription.js';
import {
  changedColumns,
  COLUMNS,
  EVER_BEGUN,
  historyNotKept,
  LIVE,
  PROPERTIES,
  SELECTED,
  type StoredFacts,
  subscriptionFromFacts,
  UNRENEWED,
} from './subscription-row.js';

/** Filter of a history; instants bound `createdAt`, `from` inclusive and `to` exclusive. */
export interface HistoryFilter {
  statuses?: SubscriptionStatus[];
  productId?: string;
  from?: Date;
  to?: Date;
}

/** Filter of a list of subscriptions of one product, in real time or on one test clock. */
export interface ListFilter {
  productId: string;
  testClockId: string | null;
  /** Scope of the caller. */
  scope: ScopeFilter;
  /** Default: live ones. */
  status?: SubscriptionStatus;
  planId?: string;
  from?: Date;
  to?: Date;
}

/** Subscriptions of a product that end without renewal within a span. */
export interface EndingFilter {
  productId: string;
  scope: ScopeFilter;
  from: Date;
  before: Date;
}

const BY_ID: Statement = {
  name: 'subscription by id',
  text: `select ${SELECTED} from subscriptions s where s.id = $1`,
};
const NEWEST: Statement = {
  name: 'newest subscriptions',
  text: `select found.* from unnest($1::uuid[], $2::uuid[]) as wanted (customer, product) cross join lateral (
    select ${SELECTED} from subscriptions s where s.customer_id = wanted.customer and s.product_id = wanted.product and ${EVER_BEGUN} order by s.id desc limit 2) found`,
};
const READS = { maxBatch: 256, maxQueued: 10_000, concurrency: 2 };

/** A customer and a product, by their ids. */
interface Side {
  customerId: string;
  productId: string;
}
const FACTS_AT: Statement = {
  name: 'subscription facts at',
  text: `select json_agg(e.after order by e.at, e.id) filter (where e.at <= $2) as facts, min(e.sequence) = 1 as whole from events e where e.subject_id = $1`,
};

@Injectable()
export class SubscriptionsRepository {
  private readonly newestReads = new Batcher<Side, Subscription[]>((sides) => this.loadNewest(sides), READS);

  constructor(
    private readonly database: Database,
    private readonly pipeline: PipelinedDatabase,
  ) {}

  async findById(id: string): Promise<Subscription | null> {
    const [found] = await this.read(BY_ID, [id]);
    return found ?? null;
  }

  /**
   * The newest subscriptions of a customer on the product, newest first: the current one, and a scheduled one if any.
   */
  newest(customerId: string, productId: string): Promise<Subscription[]> {
    // Requests that arrive during a running query share the next one.
    return this.database.inTransaction
      ? this.database.query(NEWEST.text, [[customerId], [productId]])
      : this.newestReads.add({ customerId, productId });
  }

  /** Subscriptions created by then. */
  newestAt(customerId: string, productId: string, at: Date): Promise<Subscription[]> {
    return this.database.query(
      `select ${SELECTED} from subscriptions s where s.customer_id = $1 and s.product_id = $2 and s.created_at <= $3
         and (s.ended_at is null or s.ended_at > $3 or s.ended_at >= s.started_at) order by s.id desc limit 2`,
      [customerId, productId, at],
    );
  }

  /** A subscription as recorded by `at`; null when it did not exist yet. Its plan is known by key only. */
  async findAt(subscription: Subscription, at: Date): Promise<Subscription | null> {
    const [found] = await this.pipeline.read<{ facts: StoredFacts[] | null; whole: boolean | null }>(FACTS_AT, [
      subscription.id,
      at,
    ]);
    // Every subscription starts with an event: without one, its events were pruned.
    if (found?.whole !== true) throw historyNotKept();
    return found?.facts ? subscriptionFromFacts(subscription, found.facts) : null;
  }

  /** Live and scheduled subscriptions of a customer. */
  openOf(customerId: string): Promise<Subscription[]> {
    return this.database.query(
      `select ${SELECTED} from subscriptions s where s.customer_id = $1 and s.ended_at is null order by s.id`,
      [customerId],
    );
  }

  /** Reads and locks a subscription until the transaction ends. */
  async lock(customerId: string, id: string): Promise<Subscription | null> {
    const [found] = await this.database.write<Subscription>(
      `select ${SELECTED} from subscriptions s where s.customer_id = $1 and s.id = $2 for update`,
      [customerId, id],
    );
    return found ?? null;
  }

  /** Locks due subscriptions that no other worker has locked, longest overdue first. */
  lockDue(now: Date, limit: number): Promise<Subscription[]> {
    return this.database.write(
      `select ${SELECTED} from subscriptions s where s.due_at <= $1 and s.test_clock_id is null order by s.due_at limit $2 for update skip locked`,
      [now, limit],
    );
  }

  /** Locks due subscriptions of one test clock, waiting for other locks. */
  lockDueOnClock(testClockId: string, until: Date, limit: number): Promise<Subscription[]> {
    return this.database.write(
      `select ${SELECTED} from subscriptions s where s.test_clock_id = $1 and s.due_at <= $2 order by s.due_at limit $3 for update`,
      [testClockId, until, limit],
    );
  }

  /** Locks the live subscriptions of the same customers on the same products, waiting for other locks. */
  async lockLiveBeside(subscriptions: Subscription[]): Promise<Subscription[]> {
    if (subscriptions.length === 0) return [];
    return this.database.write(
      `select ${SELECTED} from subscriptions s where ${LIVE}
         and (s.customer_id, s.product_id) in (select customer, product from unnest($1::uuid[], $2::uuid[]) as u (customer, product)) order by s.id for update`,
      [subscriptions.map(({ customerId }) => customerId), subscriptions.map(({ productId }) => productId)],
    );
  }

  /** Lists subscriptions, newest first, by stored status. */
  listOfCustomer(
    customerId: string,
    page: PageRequest,
    { statuses = null, productId = null, from = null, to = null }: Nullable<HistoryFilter>,
  ): Promise<Subscription[]> {
    return this.database.query(
      `select ${SELECTED} from subscriptions s where s.customer_id = $1 and ($2::uuid is null or s.id < $2) and ($3::text[] is null or s.status = any($3))
         and ($4::uuid is null or s.product_id = $4) and ($5::timestamptz is null or s.created_at >= $5) and ($6::timestamptz is null or s.created_at < $6)
       order by s.id desc limit $7`,
      [customerId, page.after, statuses, productId, from, to, page.limit + 1],
    );
  }

  /** Lists subscriptions, newest first. Each filter has its own index, so every page costs the same. */
  list(
    page: PageRequest,
    { productId, testClockId, scope, status, planId, from, to }: ListFilter,
  ): Promise<Subscription[]> {
    const conditions = new Conditions();
    if (planId) conditions.add('s.plan_id = ?', planId);
    else conditions.add('s.product_id = ?', productId);
    if (status) conditions.add('s.status = ?', status);
    // There is one index for live rows and one for rows that are not active.
    if (!status || status === 'active' || planId) conditions.add(LIVE);
    else conditions.add(`s.status <> 'active'`);
    if (testClockId) conditions.add('s.test_clock_id = ?', testClockId);
    else conditions.add('s.test_clock_id is null');
    conditions.add(customerInScope(scope, conditions.values));
    if (page.after) conditions.add('s.id < ?', page.after);
    if (from) conditions.add('s.created_at >= ?', from);
    if (to) conditions.add('s.created_at < ?', to);
    return this.database.query(
      `select ${SELECTED} from subscriptions s where ${conditions.text} order by s.id desc limit ${page.limit + 1}`,
      conditions.values,
    );
  }

  /** Lists subscriptions by end, earliest first. */
  listEnding(page: PageRequest, { productId, scope, from, before }: EndingFilter): Promise<Subscription[]> {
    const conditions = new Conditions();
    conditions.add('s.product_id = ?', productId);
    conditions.add(`${LIVE} and s.test_clock_id is null and ${UNRENEWED}`);
    conditions.add('s.current_period_end > ?', from);
    conditions.add('s.current_period_end <= ?', before);
    conditions.add(customerInScope(scope, conditions.values));
    if (page.after)
      conditions.add(
        '(s.current_period_end, s.id) > (select p.current_period_end, p.id from subscriptions p where p.id = ?)',
        page.after,
      );
    return this.database.query(
      `select ${SELECTED} from subscriptions s where ${conditions.text} order by s.current_period_end, s.id limit ${page.limit + 1}`,
      conditions.values,
    );
  }

  /** True when the customer has had a trial on the product. */
  async hadTrial(customerId: string, productId: string): Promise<boolean> {
    const rows = await this.database.query(
      `select 1 from subscriptions s where s.customer_id = $1 and s.product_id = $2 and s.trial_end is not null and ${EVER_BEGUN} limit 1`,
      [customerId, productId],
    );
    return rows.length > 0;
  }

  /** The earliest due instant. */
  async oldestDue(): Promise<Date | null> {
    const [row] = await this.database.query<{ due_at: Date | null }>(
      'select min(due_at) as due_at from subscriptions where due_at is not null and test_clock_id is null',
    );
    return row!.due_at;
  }

  async insert(subscription: Subscription): Promise<void> {
    const places = PROPERTIES.map((_, index) => `$${index + 1}`).join(', ');
    await this.database.write(
      `insert into subscriptions (${COLUMNS.join(', ')}, due_at) values (${places}, $${PROPERTIES.length + 1})`,
      [...PROPERTIES.map((property) => subscription[property]), dueAt(subscription)],
    );
  }

  /**
   * Updates subscriptions that this transaction has locked.
   * @throws Error when one has another version than expected: another writer had no lock
   */
  async update(changes: { before: Subscription; after: Subscription }[]): Promise<void> {
    // Only changed columns are written: a renewal changes a few instants.
    const columns = changedColumns(changes);
    const types = [...columns.map(({ type }) => type), 'timestamptz'];
    const values = [
      ...columns.map(({ property }) => changes.map(({ after }) => after[property] as ArrayItem)),
      changes.map(({ after }) => dueAt(after)),
      ...(['customerId', 'id', 'version'] as const).map((property) => changes.map(({ before }) => before[property])),
    ];
    const names = [...columns.map(({ column }) => column), 'due_at'];
    const written = await this.database.write(
      `update subscriptions s set ${names.map((name) => `${name} = r.${name}`).join(', ')}
       from unnest(${[...types, 'uuid', 'uuid', 'integer'].map((type, index) => `$${index + 1}::${type}[]`).join(', ')}) as r (${names.join(', ')}, key_customer, key_id, before_version)
       where s.customer_id = r.key_customer and s.id = r.key_id and s.version = r.before_version returning s.id`,
      values.map((column) => arrayLiteral(column)),
    );
    if (written.length !== changes.length) throw new Error('A subscription was changed by a writer without the lock.');
  }

  /** True when no other subscription on the product started later. */
  async isNewest({ customerId, productId, id }: Subscription): Promise<boolean> {
    const subscriptions = await this.newest(customerId, productId);
    return subscriptions.find((subscription) => !isUpcoming(subscription))?.id === id;
  }

  private async loadNewest(sides: Side[]): Promise<Outcome<Subscription[]>[]> {
    const distinct = [...new Map(sides.map((side) => [nameOf(side), side])).values()];
    const rows = await this.pipeline.read<Subscription>(NEWEST, [
      distinct.map(({ customerId }) => customerId),
      distinct.map(({ productId }) => productId),
    ]);
    const found = grouped(rows, nameOf);
    return sides.map((side) => ({ answer: found.get(nameOf(side)) ?? [] }));
  }

  private read(statement: Statement, values: unknown[]): Promise<Subscription[]> {
    return this.database.inTransaction
      ? this.database.query<Subscription>(statement.text, values)
      : this.pipeline.read<Subscription>(statement, values);
  }
}

const nameOf = ({ customerId, productId }: Side): string => `${customerId} ${productId}`;

/** The caller has resolved the product; each statement has a condition on it. */
const customerInScope = ({ customerId }: ScopeFilter, values: unknown[]): string =>
  inScope({ customerId, productId: null }, { customer: 's.customer_id' }, values);

type Nullable<T> = { [K in keyof T]: T[K] | null };

/** SQL conditions joined by `and`, with their parameters; each `?` is one value. */
class Conditions {
  private readonly parts: string[] = [];
  readonly values: unknown[] = [];

  add(condition: string, value?: unknown): void {
    if (value !== undefined) this.values.push(value);
    this.parts.push(condition.replace('?', `$${this.values.length}`));
  }

  get text(): string {
    return this.parts.join(' and ');
  }
}
