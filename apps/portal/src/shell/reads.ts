import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { components } from '@tollgate/schema';
import { ApiError, bodyOf } from '@tollgate/web';
import { OWN, useVisit } from '../session/visit';

export type Subscription = components['schemas']['SubscriptionDto'];
export type Feature = components['schemas']['FeatureDto'];
export type Invoice = components['schemas']['InvoiceDto'];

const PAGE = 100;

/** The live subscription, or else the newest one that has ended; null: there was none. */
export function useSubscription(): UseQueryResult<Subscription | null> {
  const { api, product } = useVisit();
  return useQuery({
    queryKey: ['subscription', product],
    // A payment changes it without a command of this page.
    staleTime: 0,
    queryFn: async () => {
      const params = { path: OWN, query: { product } };
      try {
        return await bodyOf(api.GET('/v1/customers/{customer}/subscription', { params }));
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
        const history = { path: OWN, query: { product, limit: 1 } };
        const { data } = await bodyOf(api.GET('/v1/customers/{customer}/subscriptions', { params: history }));
        return data[0] ?? null;
      }
    },
  });
}

/** The features of the product by their keys. */
export function useFeatures(): Map<string, Feature> {
  const { api, product } = useVisit();
  const read = useQuery({
    queryKey: ['features', product],
    queryFn: () => bodyOf(api.GET('/v1/features', { params: { query: { product, limit: PAGE } } })),
    staleTime: 600_000,
  });
  return new Map(read.data?.data.map((feature) => [feature.key, feature]));
}

/** Reads that a change of the subscription or a payment changes. */
export const AFTER_CHANGES = [['subscription'], ['entitlements'], ['invoices'], ['next-invoice'], ['plans']];
