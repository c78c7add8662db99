import type { components, operations } from '@tollgate/schema';
import { bodyOf } from '@tollgate/web';
import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { api } from './session';

export type Me = components['schemas']['UserDto'];
/** Name of a route of the API. */
export type Operation = keyof operations;

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: () => bodyOf(api.GET('/v1/users/me')),
  staleTime: 60_000,
});

export const permissionsQuery = queryOptions({
  queryKey: ['permissions'],
  queryFn: async () => new Set<string>((await bodyOf(api.GET('/v1/users/me/permissions'))).operations),
  staleTime: 60_000,
});

/**
 * Returns whether the user may call a route. A page hides what the user may not do; the API decides all the same.
 * @example const can = useCan(); if (can('refundPayment')) ...
 */
export function useCan(): (operation: Operation) => boolean {
  const { data } = useSuspenseQuery(permissionsQuery);
  return (operation) => data.has(operation);
}

/** The signed-in user. */
export const useMe = (): Me => useSuspenseQuery(meQuery).data;
