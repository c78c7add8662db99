import type { components } from '@tollgate/schema';
import { queryOptions } from '@tanstack/react-query';
import { bodyOf } from '@tollgate/web';
import { api } from '../../../shell/session';
import { customerKey } from '../customer-reads';
import type { STEPS } from '../customer-search';

export type UsageSeries = components['schemas']['UsageSeriesDto'];
export type Step = (typeof STEPS)[number];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Time that is shown in steps of each length. */
const SPAN_MS: Record<Step, number> = { hour: 2 * DAY_MS, day: 30 * DAY_MS, month: 365 * DAY_MS };

interface UsageQuestion {
  customer: string;
  product: string;
  feature: string;
  by: Step;
  /** The present of the customer, ISO 8601. */
  now: string;
}

/** Units of a feature in steps up to the present of the customer. */
export const usageQuery = ({ customer, product, feature, by, now }: UsageQuestion) =>
  queryOptions({
    queryKey: [...customerKey(customer), 'usage', product, feature, by],
    queryFn: () =>
      bodyOf(
        api.GET('/v1/customers/{customer}/usage', {
          params: {
            path: { customer },
            query: {
              product,
              feature,
              by,
              from: new Date(new Date(now).getTime() - SPAN_MS[by]).toISOString(),
              // The end is exclusive: the present instant belongs to the usage.
              to: new Date(new Date(now).getTime() + 1).toISOString(),
            },
          },
        }),
      ),
  });
