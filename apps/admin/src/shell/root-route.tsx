import { createRootRoute, retainSearchParams } from '@tanstack/react-router';
import { EmptyState, ErrorState, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { meQuery, permissionsQuery } from './me';
import { queryClient } from './session';
import { Shell } from './shell';
import { shellTexts } from './shell-texts';

/** Parent of every screen: the frame with navigation and search. */
export const rootRoute = createRootRoute({
  validateSearch: ({ product }: Record<string, unknown>): { product?: string } =>
    typeof product === 'string' && product !== '' ? { product } : {},
  // The chosen product stays while the user moves between screens.
  search: { middlewares: [retainSearchParams(['product'])] },
  loader: () => Promise.all([queryClient.ensureQueryData(meQuery), queryClient.ensureQueryData(permissionsQuery)]),
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: ({ error, reset }) => <ErrorState error={error} retry={reset} />,
});

function NotFound(): ReactNode {
  return <EmptyState title={useTexts(shellTexts).notFound} />;
}
