import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { components } from '@tollgate/schema';
import { bodyOf } from '@tollgate/web';
import { OWN, useVisit } from '../session/visit';

export type Method = components['schemas']['PaymentMethodDto'];

const PAGE = 100;
/** A worker stores a method about a second after the provider reports it; a busy one takes longer. */
const REFRESH_MS = 2_000;
export const STORED_WITHIN_MS = 60_000;

/** @param refreshedUntil time until which the list is read again, in ms */
export function useMethods(refreshedUntil = 0): UseQueryResult<Method[]> {
  const { api } = useVisit();
  return useQuery({
    queryKey: ['payment-methods'],
    queryFn: async () => {
      const params = { path: OWN, query: { limit: PAGE } };
      return (await bodyOf(api.GET('/v1/customers/{customer}/payment-methods', { params }))).data;
    },
    refetchInterval: () => (Date.now() < refreshedUntil ? REFRESH_MS : false),
  });
}

/** "Visa •••• 4242" */
export const nameOf = ({ brand, type, last4 }: Method): string =>
  [brand ?? type, last4 && `•••• ${last4}`].filter(Boolean).join(' ');
