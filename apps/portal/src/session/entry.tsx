import { Button, Center, Loader } from '@mantine/core';
import { commonTexts, SignIn, useTexts } from '@tollgate/web';
import { type ReactNode, useEffect, useState, useSyncExternalStore } from 'react';
import { AccountVisit } from './account-visit';
import { entryTexts } from './entry-texts';
import { Notice } from './notice';
import type { PortalSession } from './portal-session';
import { SetupReturned, setupResult } from './setup-return';
import { VisitContext } from './visit';
import { account, portalSession, queryClient, wasReloaded } from './visits';
import { forgetLostSession, storeReturnUrl, lostSession, webAddress } from './return-url';

/** The pages in the session of a link or of an account, or the reason why there is no session. */
export function Entry({ children }: { children: ReactNode }): ReactNode {
  const [result] = useState(setupResult);
  if (portalSession) return <WithLink session={portalSession}>{children}</WithLink>;
  if (result) return <SetupReturned result={result} />;
  return <WithAccount>{children}</WithAccount>;
}

function WithLink({ session, children }: { session: PortalSession; children: ReactNode }): ReactNode {
  const t = useTexts(entryTexts);
  const common = useTexts(commonTexts);
  const state = useSyncExternalStore(session.subscribe, session.current);
  const returnUrl = webAddress(session.opened?.returnUrl ?? null);
  useEffect(() => {
    if (state === 'open') storeReturnUrl(returnUrl);
    // Nothing of the customer stays in memory.
    if (state === 'ended') queryClient.clear();
  }, [state, returnUrl]);
  if (state === 'opening') return <Opening />;
  if (state === 'refused')
    return <Notice title={t.refusedTitle} text={t.refused} returnUrl={lostSession()?.returnUrl ?? null} />;
  if (state === 'ended') return <Notice title={t.endedTitle} text={t.ended} returnUrl={returnUrl} />;
  if (state === 'unreachable')
    return (
      <Notice title={t.unreachableTitle} text={t.unreachable}>
        <Button onClick={() => void session.open()}>{common.retry}</Button>
      </Notice>
    );
  const { product } = session.opened!;
  const visit = { api: session.api, product, kind: 'link' as const, returnUrl, end: () => session.close() };
  return <VisitContext value={visit}>{children}</VisitContext>;
}

function WithAccount({ children }: { children: ReactNode }): ReactNode {
  const t = useTexts(entryTexts);
  const common = useTexts(commonTexts);
  const state = useSyncExternalStore(account.subscribe, account.current);
  const [reloaded, setReloaded] = useState(wasReloaded);
  useEffect(() => {
    if (state !== 'signedIn') return undefined;
    // Nothing of one user is kept for the next one. Before the sign-in page reads its methods.
    return () => queryClient.clear();
  }, [state]);
  const signIn = (): void => {
    forgetLostSession();
    setReloaded(false);
    void account.renew();
  };
  if (reloaded)
    return (
      <Notice title={t.reloadedTitle} text={t.reloaded} returnUrl={lostSession()?.returnUrl ?? null}>
        <Button variant="default" onClick={signIn}>
          {t.withAccount}
        </Button>
      </Notice>
    );
  if (state === 'starting') return <Opening />;
  if (state === 'signedOut') return <SignIn session={account} title={t.signIn} />;
  if (state === 'unreachable')
    return (
      <Notice title={t.unreachableTitle} text={t.unreachable}>
        <Button onClick={() => void account.renew()}>{common.retry}</Button>
      </Notice>
    );
  return <AccountVisit>{children}</AccountVisit>;
}

function Opening(): ReactNode {
  return (
    <Center h="100vh">
      <Loader aria-label={useTexts(entryTexts).opening} />
    </Center>
  );
}
