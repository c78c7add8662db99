import { queryOptions } from '@tanstack/react-query';
import { bodyOf } from '@tollgate/web';
import { api } from './session';

/** More products than this are found by their name in the URL only. */
const MAX_PRODUCTS = 100;

/** Products that the user may read: one for a product admin. */
export const productsQuery = queryOptions({
  queryKey: ['products'],
  queryFn: () => bodyOf(api.GET('/v1/products', { params: { query: { limit: MAX_PRODUCTS } } })),
  staleTime: 60_000,
});
