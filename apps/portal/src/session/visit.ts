import type { Api } from '@tollgate/web';
import { createContext, useContext } from 'react';

/** The customer that sees the pages. */
export interface Visit {
  api: Api;
  /** Key of the product. */
  product: string;
  /** An account has settings that the session of a link has not. */
  kind: 'link' | 'account';
  /** Address of the product's own pages, which the service allowed. */
  returnUrl: string | null;
  end: () => Promise<void>;
}

export const VisitContext = createContext<Visit | null>(null);

export function useVisit(): Visit {
  return useContext(VisitContext)!;
}

/** In paths: the customer of the session. */
export const OWN = { customer: 'me' } as const;
