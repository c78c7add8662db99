import { Button, Center, Loader, Stack, Text } from '@mantine/core';
import { commonTexts, PageRoot, SignIn, useTexts } from '@tollgate/web';
import { RouterProvider } from '@tanstack/react-router';
import { type ReactNode, useEffect, useSyncExternalStore } from 'react';
import { router } from '../router';
import { queryClient, session } from './session';
import { shellTexts } from './shell-texts';

/** The console: sign-in, then the screens. */
export function ConsoleApp(): ReactNode {
  return (
    <PageRoot client={queryClient}>
      <Session />
    </PageRoot>
  );
}

function Session(): ReactNode {
  const t = useTexts(shellTexts);
  const state = useSyncExternalStore(session.subscribe, session.current);
  useEffect(() => void session.renew(), []);
  useEffect(() => {
    if (state !== 'signedIn') return undefined;
    // Nothing of one user is kept for the next one. Before the sign-in page reads its methods.
    return () => queryClient.clear();
  }, [state]);
  if (state === 'signedIn') return <RouterProvider router={router} />;
  if (state === 'signedOut') return <SignIn session={session} title={t.title} />;
  return state === 'starting' ? <Starting /> : <Unreachable />;
}

function Starting(): ReactNode {
  const t = useTexts(commonTexts);
  return (
    <Center h="100vh">
      <Loader aria-label={t.loading} />
    </Center>
  );
}

function Unreachable(): ReactNode {
  const t = useTexts(commonTexts);
  return (
    <Center h="100vh">
      <Stack align="center">
        <Text>{t.unreachable}</Text>
        <Button onClick={() => void session.renew()}>{t.retry}</Button>
      </Stack>
    </Center>
  );
}
