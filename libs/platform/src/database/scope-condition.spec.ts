import { describe, expect, it } from '@jest/globals';
import { inScope, type ScopeColumns } from './scope-condition.js';

const BOTH: ScopeColumns = { customer: 'customer_id', product: 'product_id' };
const condition = (customerId: string | null, productId: string | null, columns: ScopeColumns): [string, unknown[]] => {
  const values: unknown[] = ['earlier'];
  return [inScope({ customerId, productId }, columns, values), values.slice(1)];
};

describe('inScope', () => {
  it('is true for an unlimited scope', () => {
    expect(condition(null, null, BOTH)).toEqual(['true', []]);
  });

  it('names only the columns that are limited, with parameters after the earlier ones', () => {
    expect(condition('c', null, BOTH)).toEqual(['customer_id = $2', ['c']]);
    expect(condition(null, 'p', BOTH)).toEqual(['product_id = $2', ['p']]);
    expect(condition('c', 'p', BOTH)).toEqual(['customer_id = $2 and product_id = $3', ['c', 'p']]);
  });

  it('is false when the table has no column for a limit', () => {
    expect(condition('c', null, { product: 'product_id' })).toEqual(['false', []]);
    expect(condition(null, 'p', { customer: 'customer_id' })).toEqual(['false', []]);
  });

  it('leaves out rows of single customers in a scope of one product when they are private', () => {
    const columns = { ...BOTH, privateToCustomer: true };
    expect(condition(null, 'p', columns)).toEqual(['product_id = $2 and customer_id is null', ['p']]);
    expect(condition('c', null, columns)).toEqual(['customer_id = $2', ['c']]);
  });
});
