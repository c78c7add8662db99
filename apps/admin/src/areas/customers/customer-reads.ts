import type { components } from '@tollgate/schema';
import { queryOptions } from '@tanstack/react-query';
import { ApiError, bodyOf } from '@tollgate/web';
import { meQuery } from '../../shell/me';
import { productsQuery } from '../../shell/product-reads';
import { api, queryClient } from '../../shell/session';

type Schemas = components['schemas'];
export type Customer = Schemas['CustomerDto'];
export type Subscription = Schemas['SubscriptionDto'];
export type Decision = Schemas['DecisionDto'];
export type TimelineEntry = Schemas['TimelineEntryDto'];
export type Grant = Schemas['GrantBalanceDto'];
export type Override = Schemas['OverrideDto'];
export type Feature = Schemas['FeatureDto'];

const PAGE_ROWS = 100;

/** Reads of one customer begin with this key, so that a command can refresh all of them. */
export const customerKey = (customer: string): string[] => ['customer', customer];

export const customerQuery = (customer: string) =>
  queryOptions({
    queryKey: [...customerKey(customer), 'head'],
    queryFn: () => bodyOf(api.GET('/v1/customers/{customer}', { params: { path: { customer } } })),
  });

/** The live subscription, or the one at an earlier instant; null: none. */
export const subscriptionQuery = (customer: string, product: string, at?: string) =>
  queryOptions({
    queryKey: [...customerKey(customer), 'subscription', product, at],
    queryFn: (): Promise<Subscription | null> =>
      bodyOf(
        api.GET('/v1/customers/{customer}/subscription', { params: { path: { customer }, query: { product, at } } }),
      ).catch((error: unknown) => {
        if (error instanceof ApiError && error.code === 'no_subscription') return null;
        throw error;
      }),
  });

/** Subscriptions of the customer on the product, newest first. */
export const historyQuery = (customer: string, product: string) =>
  queryOptions({
    queryKey: [...customerKey(customer), 'subscriptions', product],
    queryFn: () =>
      bodyOf(
        api.GET('/v1/customers/{customer}/subscriptions', {
          params: { path: { customer }, query: { product, limit: PAGE_ROWS } },
        }),
      ),
  });

export const entitlementsQuery = (customer: string, product: string) =>
  queryOptions({
    queryKey: [...customerKey(customer), 'entitlements', product],
    queryFn: () =>
      bodyOf(api.GET('/v1/customers/{customer}/entitlements', { params: { path: { customer }, query: { product } } })),
  });

/** A list of the customer on one product, also of one feature only. */
interface ListRead {
  customer: string;
  product: string;
  feature?: string;
  cursor?: string;
}

export const readGrants = ({ customer, ...query }: ListRead) =>
  bodyOf(
    api.GET('/v1/customers/{customer}/grants', {
      params: { path: { customer }, query: { ...query, limit: PAGE_ROWS } },
    }),
  );

export const readOverrides = ({ customer, ...query }: ListRead) =>
  bodyOf(
    api.GET('/v1/customers/{customer}/overrides', {
      params: { path: { customer }, query: { ...query, limit: PAGE_ROWS } },
    }),
  );

export const featuresQuery = (product: string) =>
  queryOptions({
    queryKey: ['features', product, 'all'],
    queryFn: () => bodyOf(api.GET('/v1/features', { params: { query: { product, limit: PAGE_ROWS } } })),
    staleTime: 60_000,
  });

/** Starts the reads of the customer page while its code is loading. */
export async function prefetchCustomer(customer: string, chosen: string | undefined): Promise<void> {
  const me = queryClient.ensureQueryData(meQuery);
  const products = queryClient.ensureQueryData(productsQuery);
  void queryClient.prefetchQuery(customerQuery(customer));
  const product = chosen ?? (await me).product ?? (await products).data[0]?.key;
  if (!product) return;
  void queryClient.prefetchQuery(subscriptionQuery(customer, product));
  void queryClient.prefetchQuery(entitlementsQuery(customer, product));
  void queryClient.prefetchQuery(historyQuery(customer, product));
}
