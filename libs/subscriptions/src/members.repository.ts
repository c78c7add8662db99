import { Injectable } from '@nestjs/common';
import { CUSTOMER_COLUMNS, type Customer } from '@app/customers';
import type { PageRequest, ScopeFilter } from '@app/kernel';
import { Database, inScope, startsWith } from '@app/platform';
import type { SubscriptionStatus } from './domain/subscription.js';
import { LIVE } from './subscription-row.js';

/** Filter of a list of customers; instants bound `createdAt`, `from` inclusive and `to` exclusive. */
export interface MemberFilter {
  /** The whole address, in any case. */
  email?: string;
  /** Start of the key, the e-mail address, the name or its second word. */
  text?: string;
  /** Key of the plan of a subscription: a live one, or one in `status`. */
  plan?: string;
  /** Status of a subscription. */
  status?: SubscriptionStatus;
  from?: Date;
  to?: Date;
  /** Default: newest first. */
  oldestFirst?: boolean;
}

/** A customer is a member of every product on which it has, or ever had, a subscription. */
@Injectable()
export class MembersRepository {
  constructor(private readonly database: Database) {}

  async isMember(customerId: string, productId: string): Promise<boolean> {
    const rows = await this.database.query(
      'select 1 from subscriptions where customer_id = $1 and product_id = $2 limit 1',
      [customerId, productId],
    );
    return rows.length > 0;
  }

  /** Ids of the products of which the customers are members, by the customer's id. */
  async productIdsOf(customerIds: string[]): Promise<Map<string, string[]>> {
    const rows = await this.database.query<{ customerId: string; productIds: string[] }>(
      `select customer_id as "customerId", array_agg(distinct product_id) as "productIds" from subscriptions where customer_id = any($1::uuid[]) group by customer_id`,
      [customerIds],
    );
    return new Map(rows.map(({ customerId, productIds }) => [customerId, productIds]));
  }

  /** Customers of a scope: of one product its members. */
  list(page: PageRequest, scope: ScopeFilter, filter: MemberFilter): Promise<Customer[]> {
    const values: unknown[] = [];
    const place = (value: unknown): string => `$${values.push(value)}`;
    const order = filter.oldestFirst ? 'asc' : 'desc';
    const conditions = [
      'customers.deleted_at is null',
      inScope({ customerId: scope.customerId, productId: null }, { customer: 'customers.id' }, values),
    ];
    if (page.after) conditions.push(`customers.id ${filter.oldestFirst ? '>' : '<'} ${place(page.after)}`);
    if (filter.from) conditions.push(`customers.created_at >= ${place(filter.from)}`);
    if (filter.to) conditions.push(`customers.created_at < ${place(filter.to)}`);
    if (filter.email !== undefined) conditions.push(`lower(customers.email) = lower(${place(filter.email)})`);
    if (filter.text !== undefined) conditions.push(matching(filter.text, place));
    const subscribed = subscribedBy(scope, filter, values);
    if (subscribed) conditions.push(subscribed);
    return this.database.query<Customer>(
      `select ${CUSTOMER_COLUMNS} from customers where ${conditions.join(' and ')} order by customers.id ${order} limit ${page.limit + 1}`,
      values,
    );
  }
}

/** Texts of a customer that a search compares from their start. Each has its own index. */
const SEARCHED = ['key', 'email', 'name'].map((column) => `lower(customers.${column})`);
SEARCHED.push(`split_part(lower(customers.name), ' ', 2)`);

/** The key, the e-mail address, the name or its second word starts with the text. */
function matching(text: string, place: (value: unknown) => string): string {
  const pattern = place(startsWith(text));
  return `(${SEARCHED.map((searched) => `${searched} like ${pattern}`).join(' or ')})`;
}

/** A subscription of the customer on the product of the scope, with the status and plan of the filter. */
function subscribedBy({ productId }: ScopeFilter, { status, plan }: MemberFilter, values: unknown[]): string | null {
  if (productId === null && status === undefined && plan === undefined) return null;
  const conditions = [
    's.customer_id = customers.id',
    inScope({ customerId: null, productId }, { product: 's.product_id' }, values),
  ];
  if (status !== undefined) conditions.push(`s.status = $${values.push(status)}`);
  else if (plan !== undefined) conditions.push(LIVE);
  if (plan !== undefined)
    conditions.push(`s.plan_id in (select p.id from plans p where p.key = $${values.push(plan)})`);
  return `exists (select 1 from subscriptions s where ${conditions.join(' and ')})`;
}
