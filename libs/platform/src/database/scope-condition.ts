import type { ScopeFilter } from '@app/kernel';

/** Columns that say whose a row is. A table without a column has no rows for a caller who is limited by it. */
export interface ScopeColumns {
  customer?: string;
  product?: string;
  /** True when rows of a customer are its own: a scope of one product then holds only rows of no customer. */
  privateToCustomer?: boolean;
}

/**
 * SQL condition for the rows in a scope: the one form that every list uses.
 * Names only the columns that are limited, so that the planner sees the same statement as one written by hand.
 * @param values parameters of the statement so far; those of the condition are appended
 *
 * @example
 * const values: unknown[] = [];
 * const sql = `select id from test_clocks where ${inScope(scope, { product: 'product_id' }, values)}`;
 */
export function inScope(
  { customerId, productId }: ScopeFilter,
  { customer, product, privateToCustomer = false }: ScopeColumns,
  values: unknown[],
): string {
  const equals = (column: string | undefined, value: string): string =>
    column === undefined ? 'false' : `${column} = $${values.push(value)}`;
  const conditions: string[] = [];
  if (customerId !== null) conditions.push(equals(customer, customerId));
  if (productId !== null) conditions.push(equals(product, productId));
  if (productId !== null && customerId === null && privateToCustomer) conditions.push(`${customer} is null`);
  return conditions.length === 0 ? 'true' : conditions.join(' and ');
}
