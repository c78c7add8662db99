import type { components } from '@tollgate/schema';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { bodyOf } from '@tollgate/web';
import { api } from '../../../shell/session';
import { useChosenProduct } from '../parts/access';
import type { Feature } from '../terms/terms';

export type Plan = components['schemas']['PlanDto'];
export type PlanVersion = components['schemas']['PlanVersionDto'];

/** Versions and features beyond this number are not offered. */
const MAX_ROWS = 100;

/** A plan with its versions, oldest first; the draft is the one that is not published. */
export interface PlanWithVersions {
  plan: Plan;
  versions: PlanVersion[];
  draft: PlanVersion | undefined;
}

export async function readPlan(product: string, key: string): Promise<PlanWithVersions> {
  const path = { key };
  // The revision is read first: an edit after it is refused, if the versions are newer.
  const plan = await bodyOf(api.GET('/v1/plans/{key}', { params: { path, query: { product } } }));
  const params = { path, query: { product, limit: MAX_ROWS } };
  const { data } = await bodyOf(api.GET('/v1/plans/{key}/versions', { params }));
  return { plan, versions: data.toReversed(), draft: data.find(({ publishedAt }) => publishedAt === null) };
}

export function usePlan(key: string): UseQueryResult<PlanWithVersions> {
  const product = useChosenProduct();
  return useQuery({ queryKey: ['catalogue', product, 'plans', key], queryFn: () => readPlan(product, key) });
}

export function useFeatures(): UseQueryResult<Feature[]> {
  const product = useChosenProduct();
  return useQuery({
    queryKey: ['catalogue', product, 'features', 'all'],
    queryFn: async () => {
      const params = { query: { product, limit: MAX_ROWS } };
      return (await bodyOf(api.GET('/v1/features', { params }))).data.toReversed();
    },
  });
}

/** Live subscriptions of each plan, counted once a minute; undefined before the count, or without the right to it. */
export function useLiveCounts(): Map<string, number> | undefined {
  const product = useChosenProduct();
  const { data } = useQuery({
    queryKey: ['stats', 'subscriptions', product],
    queryFn: () => bodyOf(api.GET('/v1/stats/subscriptions', { params: { query: { product } } })),
  });
  return data && new Map(data.plans.map(({ plan, live }) => [plan, live]));
}

/** Live subscriptions on each version of a plan, as of now; undefined without the right to read them. */
export function useVersionCounts(key: string): Map<number, number> | undefined {
  const product = useChosenProduct();
  const { data } = useQuery({
    queryKey: ['catalogue', product, 'plans', key, 'counts'],
    queryFn: () => {
      const params = { path: { key }, query: { product } };
      return bodyOf(api.GET('/v1/plans/{key}/subscription-counts', { params }));
    },
  });
  return data && new Map(data.versions.map(({ version, live }) => [version, live]));
}

/** Live subscriptions on versions before this one. */
export const countBefore = (counts: Map<number, number>, version: number): number =>
  [...counts].reduce((sum, [number, live]) => (number < version ? sum + live : sum), 0);

/** Value of `If-Match` for a change of this state of the plan. */
export const etagOf = ({ revision }: Plan): string => `"${revision}"`;
