import { Injectable } from '@nestjs/common';
import { type ArrayItem, arrayLiteral, Database } from '@app/platform';
import type { MonthSpan, MovementSum } from './domain/monthly-revenue.js';
import type { RevenueFacts } from './domain/recurring-revenue.js';
import type { MovementKind, RevenueEvent, RevenueHistory, RevenueMovement } from './domain/revenue-movement.js';

/** The subscriptions of one customer on one product. */
export interface CustomerRevenue {
  customerId: string;
  productId: string;
  testClockId: string | null;
  histories: RevenueHistory[];
}

/** A history that waits to be read. */
export interface Backfill {
  productId: string;
  afterCustomerId: string | null;
}

/** The facts of an event that revenue depends on; null: not changed. */
type StoredRevenueFacts = Record<keyof RevenueFacts, unknown> | null;

interface HistoryRow extends Omit<CustomerRevenue, 'histories'> {
  id: string;
  startedAt: Date;
  present: RevenueFacts;
  events: { sequence: number; at: string; before: StoredRevenueFacts; after: StoredRevenueFacts }[] | null;
}

const FACTS = ['status', 'price', 'quantity', 'addOns'] as const;
const factsIn = (document: string): string =>
  `jsonb_build_object(${FACTS.map((fact) => `'${fact}', ${document}->'${fact}'`).join(', ')})`;
/** Events that may change revenue: the same rule as `mayMoveRevenue`. */
const MOVING = `(e.before is null or e.before->>'status' is distinct from e.after->>'status' or e.before ?| array['price', 'quantity', 'addOns'])`;

/** SQL of the movements of recurring revenue, and of the histories that they are computed from. */
@Injectable()
export class RevenueRepository {
  constructor(private readonly database: Database) {}

  /** The histories of all customers that have one of the events, each as a whole. */
  async ofEvents(eventIds: string[]): Promise<CustomerRevenue[]> {
    return this.histories(`select distinct c.customer_id, c.product_id from events c where c.id = any($1::uuid[])`, [
      arrayLiteral(eventIds),
    ]);
  }

  /** The histories of the next customers of a product, by their ids. */
  async ofProduct({ productId, afterCustomerId }: Backfill, limit: number): Promise<CustomerRevenue[]> {
    return this.histories(
      `select distinct c.customer_id, c.product_id from subscriptions c where c.product_id = $1 and ($2::uuid is null or c.customer_id > $2) order by c.customer_id limit $3`,
      [productId, afterCustomerId, limit],
    );
  }

  private async histories(customers: string, parameters: unknown[]): Promise<CustomerRevenue[]> {
    const rows = await this.database.query<HistoryRow>(
      `select s.customer_id as "customerId", s.product_id as "productId", s.test_clock_id as "testClockId", s.id, s.started_at as "startedAt",
         jsonb_build_object('status', s.status, 'price', s.price, 'quantity', s.quantity, 'addOns', s.add_ons) as present,
         (select jsonb_agg(jsonb_build_object('sequence', e.sequence, 'at', e.at, 'before', case when e.before is not null then ${factsIn('e.before')} end, 'after', ${factsIn('e.after')}) order by e.sequence)
            from events e where e.subject_id = s.id and ${MOVING}) as events
       from (${customers}) c join subscriptions s on s.customer_id = c.customer_id and s.product_id = c.product_id order by s.customer_id, s.id`,
      parameters,
    );
    const found = new Map<string, CustomerRevenue>();
    for (const { customerId, productId, testClockId, id, startedAt, present, events } of rows) {
      const name = `${customerId} ${productId}`;
      const customer = found.get(name) ?? { customerId, productId, testClockId, histories: [] };
      found.set(name, customer);
      customer.histories.push({ subscriptionId: id, startedAt, present, events: (events ?? []).map(eventFromRow) });
    }
    return [...found.values()];
  }

  /** Stores movements: those of an event that has some already stay as they are. */
  async insert(
    movements: (RevenueMovement & Pick<CustomerRevenue, 'customerId' | 'productId' | 'testClockId'>)[],
  ): Promise<void> {
    if (movements.length === 0) return;
    const column = (read: (movement: (typeof movements)[number]) => ArrayItem): string =>
      arrayLiteral(movements.map(read));
    await this.database.write(
      `insert into revenue_movements (customer_id, subscription_id, product_id, test_clock_id, sequence, kind, currency, divisor, amount, at)
       select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::text[], $7::text[], $8::integer[], $9::numeric[], $10::timestamptz[])
       on conflict do nothing`,
      [
        column(({ customerId }) => customerId),
        column(({ subscriptionId }) => subscriptionId),
        column(({ productId }) => productId),
        column(({ testClockId }) => testClockId),
        column(({ sequence }) => sequence),
        column(({ kind }) => kind),
        column(({ currency }) => currency),
        column(({ divisor }) => divisor),
        column(({ amount }) => String(amount)),
        column(({ at }) => at),
      ],
    );
  }

  /** Sums of the movements of a product until the end of a span: by month in it, and all before it together. */
  async sums(
    { productId, testClockId }: { productId: string; testClockId: string | null },
    { from, to }: MonthSpan,
  ): Promise<MovementSum[]> {
    const rows = await this.database.query<Omit<MovementSum, 'amount'> & { amount: string; kind: MovementKind }>(
      `select case when at >= $2 then to_char(at at time zone 'UTC', 'YYYY-MM') end as month, currency, kind, divisor, sum(amount)::text as amount
       from revenue_movements where product_id = $1 and at < $3 and ${testClockId === null ? 'test_clock_id is null' : 'test_clock_id = $4'} group by 1, 2, 3, 4`,
      [productId, from, to, ...(testClockId === null ? [] : [testClockId])],
    );
    return rows.map((row) => ({ ...row, amount: BigInt(row.amount) }));
  }

  /** Has the history of products read from their first customer on, when `dueAt` has come. */
  async startBackfills(productIds: string[], dueAt: Date): Promise<void> {
    await this.database.write(
      `insert into revenue_backfills (product_id, due_at) select unnest($1::uuid[]), $2
       on conflict (product_id) do update set due_at = excluded.due_at, after_customer_id = null, done_at = null`,
      [arrayLiteral(productIds), dueAt],
    );
  }

  /** Locks a history that is due and that no other worker has locked. Needs a transaction. */
  async lockBackfill(now: Date): Promise<Backfill | null> {
    const [row] = await this.database.write<Backfill>(
      `select product_id as "productId", after_customer_id as "afterCustomerId" from revenue_backfills
       where done_at is null and due_at <= $1 order by due_at limit 1 for update skip locked`,
      [now],
    );
    return row ?? null;
  }

  /** Stores how far a history was read. */
  async saveBackfill({ productId, afterCustomerId }: Backfill, doneAt: Date | null): Promise<void> {
    await this.database.write(
      'update revenue_backfills set after_customer_id = $2, done_at = $3 where product_id = $1',
      [productId, afterCustomerId, doneAt],
    );
  }

  /** True while the history of a product has not been read to its end. */
  async isBackfilling(productId: string): Promise<boolean> {
    const rows = await this.database.query(
      'select 1 from revenue_backfills where product_id = $1 and done_at is null',
      [productId],
    );
    return rows.length > 0;
  }
}

const eventFromRow = ({ sequence, at, before, after }: NonNullable<HistoryRow['events']>[number]): RevenueEvent => ({
  sequence,
  at: new Date(at),
  before: before && changed(before),
  after: changed(after!),
});

/** The facts that an event contains. */
const changed = (facts: NonNullable<StoredRevenueFacts>): Partial<RevenueFacts> =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null));
