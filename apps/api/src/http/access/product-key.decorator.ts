import { DEFAULT_PRODUCT } from '@app/catalog';
import { invalidField } from '@app/kernel';
import { requestParam, type RouteRequest } from '../routes/route.js';
import { scopeOf } from './current-principal.decorator.js';

/**
 * The product that the request is about: the one that it names, else the caller's only one, else the default product.
 */
export const ProductKey = () => requestParam(productOf);

/**
 * @throws DomainError `product_not_allowed` when the caller is limited to another product; `invalid_fields` when query
 * and body name different products
 */
export function productOf(request: RouteRequest): string {
  const { query, body } = request;
  const inQuery = (query as { product?: unknown }).product;
  const inBody = (body as { product?: unknown } | null | undefined)?.product;
  const named = inQuery ?? inBody;
  if (inBody !== undefined && inBody !== null && inBody !== named)
    throw invalidField('product', 'must not differ between the query and the body');
  return scopeOf(request).productNamed(typeof named === 'string' ? named : undefined) ?? DEFAULT_PRODUCT;
}
