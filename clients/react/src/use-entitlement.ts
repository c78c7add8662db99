import { useQuery } from '@tanstack/react-query';
import type { Decision } from './requests';
import { useTollgate } from './tollgate-provider';

const REFRESH_MS = 60_000;

export interface Entitlement {
  /** False while it loads, and when it cannot be read: a closed door is safe. */
  allowed: boolean;
  /** Value of a boolean or static feature. */
  value: Decision['value'];
  used: number | undefined;
  /** null: unlimited; undefined: not counted. */
  limit: number | null | undefined;
  remaining: number | null | undefined;
  /** The whole decision; undefined until it is read, and for a feature that the product does not have. */
  decision: Decision | undefined;
  isLoading: boolean;
  error: Error | null;
}

/**
 * Use that the customer has of a feature. All hooks of a page share one read, repeated each minute and when the window
 * gets the focus. For display only: the backend decides with the client of the server.
 * @example const { allowed, remaining } = useEntitlement('api_calls');
 */
export function useEntitlement(feature: string): Entitlement {
  const { requests, queries } = useTollgate();
  const { data, isPending, error } = useQuery(
    { queryKey: ['entitlements'], queryFn: () => requests.entitlements(), refetchInterval: REFRESH_MS },
    queries,
  );
  const decision = data?.find((one) => one.feature === feature);
  return {
    allowed: decision?.allowed ?? false,
    value: decision?.value,
    used: decision?.used,
    limit: decision?.limit,
    remaining: decision?.remaining,
    decision,
    isLoading: isPending,
    error,
  };
}
