import { Injectable } from '@nestjs/common';
import { CUSTOMER_COLUMNS, type Customer } from '@app/customers';
import type { PageRequest, ScopeFilter } from '@app/kernel';
import { Database, inScope } from '@app/platform';

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

  /** Customers of a scope, newest first: of one product its members. */
  list(page: PageRequest, { customerId, productId }: ScopeFilter, email?: string): Promise<Customer[]> {
    const values: unknown[] = [];
    const conditions = [
      'customers.deleted_at is null',
      inScope({ customerId, productId: null }, { customer: 'customers.id' }, values),
    ];
    if (page.after) conditions.push(`customers.id < $${values.push(page.after)}`);
    if (productId !== null) {
      const ofProduct = inScope({ customerId: null, productId }, { product: 's.product_id' }, values);
      conditions.push(`exists (select 1 from subscriptions s where s.customer_id = customers.id and ${ofProduct})`);
    }
    if (email !== undefined) conditions.push(`lower(customers.email) = lower($${values.push(email)})`);
    return this.database.query<Customer>(
      `select ${CUSTOMER_COLUMNS} from customers where ${conditions.join(' and ')} order by customers.id desc limit ${page.limit + 1}`,
      values,
    );
  }
}
