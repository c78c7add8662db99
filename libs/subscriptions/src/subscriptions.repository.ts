import { Injectable } from '@nestjs/common';
import type { PageRequest, ScopeFilter } from '@app/kernel';
import {
  type ArrayItem,
  arrayLiteral,
  BatchedReads,
  type BatchedStatement,
  type Connection,
  Database,
  inScope,
  PipelinedDatabase,
  type PipelinedResult,
  type Statement,
} from '@app/platform';
import { dueAt } from './domain/time.js';
import { isUpcoming, type Subscription, type SubscriptionStatus } from './domain/subscription.js';
import {
  changedColumns,
  EVER_BEGUN,
  historyNotKept,
  INSERTED_COLUMNS,
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

const INSERT = `insert into subscriptions (${INSERTED_COLUMNS.names}) values (${INSERTED_COLUMNS.values})`;
/**
 * Insert for a new customer. No one has read its entitlements, so their version stays and no instance is notified:
 * PostgreSQL commits transactions with a notification one after another, each with its own flush to disk. The flag is
 * set for this row only, because the caller's transaction may change other customers.
 */
const INSERT_FIRST: Statement = {
  name: 'insert first subscription',
  text: `insert into subscriptions (${INSERTED_COLUMNS.names}) select ${INSERTED_COLUMNS.values}
    from (select set_config('tollgate.settling', 'on', true) as flag) quiet where flag = 'on' returning set_config('tollgate.settling', 'off', true)`,
};
const insertedValues = (subscription: Subscription): unknown[] => [
  ...PROPERTIES.map((property) => subscription[property]),
  dueAt(subscription),
];

/** The owner of a subscription and its product, which never change. */
export type SubscriptionOwner = Pick<Subscription, 'id' | 'customerId' | 'productId'>;

/** A customer and a product, by their ids. */
interface Side {
  customerId: string;
  productId: string;
}

/** A page of the subscriptions of a customer, newest first. */
interface HistoryPage extends PageRequest {
  customerId: string;
  filter: HistoryFilter;
}

const columnOf = <T>(items: T[], read: (item: T) => ArrayItem): string => arrayLiteral(items.map(read));
const byId = (columns: string): Omit<BatchedStatement<string>, 'name'> => ({
  text: `select found.*, w.n::integer as n from unnest($1::uuid[]) with ordinality w (id, n) cross join lateral (
    select ${columns} from subscriptions s where s.id = w.id) found`,
  parameters: (ids) => [arrayLiteral(ids)],
  nameOf: (id) => id,
});
const BY_ID: BatchedStatement<string> = { name: 'subscriptions by id', ...byId(SELECTED) };
const OWNER_BY_ID: BatchedStatement<string> = {
  name: 'owners of subscriptions',
  ...byId('s.id, s.customer_id as "customerId", s.product_id as "productId"'),
};
const NEWEST: BatchedStatement<Side> = {
  name: 'newest subscriptions',
  text: `select found.*, w.n::integer as n from unnest($1::uuid[], $2::uuid[]) with ordinality w (customer, product, n) cross join lateral (
    select ${SELECTED} from subscriptions s where s.customer_id = w.customer and s.product_id = w.product and ${EVER_BEGUN} order by s.id desc limit 2) found`,
  parameters: (sides) => [
    columnOf(sides, ({ customerId }) => customerId),
    columnOf(sides, ({ productId }) => productId),
  ],
  nameOf: ({ customerId, productId }) => `${customerId} ${productId}`,
};
const HISTORY: BatchedStatement<HistoryPage> = {
  name: 'history of subscriptions',
  text: `select found.*, w.n::integer as n
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::integer[]) with ordinality w (customer, seen, statuses, product, since, until, size, n)
    cross join lateral (select ${SELECTED} from subscriptions s where s.customer_id = w.customer and (w.seen is null or s.id < w.seen)
      and (w.statuses is null or s.status = any(string_to_array(w.statuses, ' '))) and (w.product is null or s.product_id = w.product)
      and (w.since is null or s.created_at >= w.since) and (w.until is null or s.created_at < w.until)
      order by s.id desc limit w.size) found`,
  parameters: (pages) => [
    columnOf(pages, ({ customerId }) => customerId),
    columnOf(pages, ({ after }) => after),
    columnOf(pages, ({ filter }) => filter.statuses?.join(' ') ?? null),
    columnOf(pages, ({ filter }) => filter.productId ?? null),
    columnOf(pages, ({ filter }) => filter.from ?? null),
    columnOf(pages, ({ filter }) => filter.to ?? null),
    columnOf(pages, ({ limit }) => limit + 1),
  ],
  nameOf: (page) => JSON.stringify(page),
  maxBatch: 16,
};
const FACTS_AT: Statement = {
  name: 'subscription facts at',
  text: `select json_agg(e.after order by e.at, e.id) filter (where e.at <= $2) as facts, min(e.sequence) = 1 as whole from events e where e.subject_id = $1`,
};

@Injectable()
export class SubscriptionsRepository {
  private readonly byId: BatchedReads<string, Subscription>;
  private readonly ownerById: BatchedReads<string, SubscriptionOwner>;
  private readonly newestOf: BatchedReads<Side, Subscription>;
  private readonly historyOf: BatchedReads<HistoryPage, Subscription>;

  constructor(
    private readonly database: Database,
    private readonly pipeline: PipelinedDatabase,
  ) {
    this.byId = new BatchedReads(database, pipeline, BY_ID);
    this.ownerById = new BatchedReads(database, pipeline, OWNER_BY_ID);
    this.newestOf = new BatchedReads(database, pipeline, NEWEST);
    this.historyOf = new BatchedReads(database, pipeline, HISTORY);
  }

  async findById(id: string): Promise<Subscription | null> {
    const [found] = await this.byId.read(id);
    return found ?? null;
  }

  async findOwner(id: string): Promise<SubscriptionOwner | null> {
    const [found] = await this.ownerById.read(id);
    return found ?? null;
  }

  /**
   * The newest subscriptions of a customer on the product, newest first: the current one, and a scheduled one if any.
   */
  newest(customerId: string, productId: string): Promise<Subscription[]> {
    return this.newestOf.read({ customerId, productId });
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

  /** The earliest due instant of the subscriptions of one test clock. */
  async nextDueOnClock(testClockId: string): Promise<Date | null> {
    const [row] = await this.database.query<{ due_at: Date | null }>(
      'select min(due_at) as due_at from subscriptions where test_clock_id = $1 and due_at is not null',
      [testClockId],
    );
    return row!.due_at;
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
  listOfCustomer(customerId: string, { after, limit }: PageRequest, filter: HistoryFilter): Promise<Subscription[]> {
    return this.historyOf.read({ customerId, after, limit, filter });
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
    await this.database.write(INSERT, insertedValues(subscription));
  }

  /** Runs a transaction whose writes are sent together with its commit: see `PipelinedDatabase.transaction`. */
  transaction<Answer>(work: (connection: Connection) => Promise<PipelinedResult<Answer>>): Promise<Answer> {
    return this.pipeline.transaction(work);
  }

  /** Inserts a subscription of a customer that the same transaction has inserted. */
  insertFirst(subscription: Subscription, connection: Connection): Promise<unknown> {
    return connection.run(INSERT_FIRST, insertedValues(subscription));
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
}

/** The caller has resolved the product; each statement has a condition on it. */
const customerInScope = ({ customerId }: ScopeFilter, values: unknown[]): string =>
  inScope({ customerId, productId: null }, { customer: 's.customer_id' }, values);

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
