import { useQuery } from '@tanstack/react-query';
import { bodyOf } from '@tollgate/web';
import { createContext, useContext } from 'react';
import type { Visit } from '../session/visit';
import type { Look } from './theme';

/** Name and logo of the product; null until they are read. */
export const LookContext = createContext<Look | null>(null);

export const useLook = (): Look | null => useContext(LookContext);

const keyOf = (product: string) => ['look', product] as const;

/** Reads the look of the product of a visit. */
export function useReadLook({ api, product }: Visit): Look | null {
  const read = useQuery({
    queryKey: keyOf(product),
    queryFn: () => bodyOf(api.GET('/v1/portal/settings', { params: { query: { product } } })),
    staleTime: Infinity,
  });
  return read.data ?? null;
}
