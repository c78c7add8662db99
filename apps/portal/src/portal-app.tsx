import { createQueryClient, PageRoot } from '@tollgate/web';
import type { ReactNode } from 'react';

const client = createQueryClient();

/** The portal of one customer. */
export function PortalApp(): ReactNode {
  return <PageRoot client={client}>{null}</PageRoot>;
}
