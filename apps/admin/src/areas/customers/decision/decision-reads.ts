import { queryOptions } from '@tanstack/react-query';
import { bodyOf } from '@tollgate/web';
import { api } from '../../../shell/session';
import {
  customerKey,
  type Decision,
  type Grant,
  type Override,
  type Subscription,
  readGrants,
  readOverrides,
  subscriptionQuery,
} from '../customer-reads';

/** A decision, and the objects of the customer that may have decided it. */
export interface Explained {
  decision: Decision;
  subscription: Subscription | null;
  /** Grants of the feature, also those that came later. */
  grants: Grant[];
  override: Override | null;
}

interface Question {
  customer: string;
  product: string;
  feature: string;
  /** Undefined: now. */
  at?: string;
}

/** The decision on one more unit at an instant, with all reads in parallel. */
export const explainedQuery = ({ customer, product, feature, at }: Question) =>
  queryOptions({
    queryKey: [...customerKey(customer), 'explained', product, feature, at],
    queryFn: async ({ client }): Promise<Explained> => {
      const [decision, subscription, grants, overrides] = await Promise.all([
        bodyOf(
          api.GET('/v1/customers/{customer}/entitlements/{feature}', {
            params: { path: { customer, feature }, query: { product, at } },
          }),
        ),
        client.fetchQuery(subscriptionQuery(customer, product, at)),
        readGrants({ customer, product, feature }),
        readOverrides({ customer, product, feature }),
      ]);
      return { decision, subscription, grants: grants.data, override: overrides.data[0] ?? null };
    },
  });
