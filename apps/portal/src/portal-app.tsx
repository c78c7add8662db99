import { RouterProvider } from '@tanstack/react-router';
import { PageRoot } from '@tollgate/web';
import { type ReactNode, useEffect, useState } from 'react';
import { LookContext, useReadLook } from './brand/look';
import { type Look, themeOf, variablesOf } from './brand/theme';
import { router } from './router';
import { Entry } from './session/entry';
import { useVisit } from './session/visit';
import { queryClient } from './session/visits';

/** The portal of one customer, in the colours of the product. */
export function PortalApp(): ReactNode {
  const [look, setLook] = useState<Look | null>(null);
  return (
    <PageRoot
      client={queryClient}
      theme={look ? themeOf(look.colors) : undefined}
      variables={look ? variablesOf(look.colors) : undefined}
    >
      <Entry>
        <Branded onLook={setLook} />
      </Entry>
    </PageRoot>
  );
}

function Branded({ onLook }: { onLook: (look: Look | null) => void }): ReactNode {
  const look = useReadLook(useVisit());
  useEffect(() => {
    onLook(look);
    if (look) document.title = look.name;
  }, [look, onLook]);
  return (
    <LookContext value={look}>
      <RouterProvider router={router} />
    </LookContext>
  );
}
