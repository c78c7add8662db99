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

/** The signed-in user. */
export const useMe = (): Me => useSuspenseQuery(meQuery).data;
