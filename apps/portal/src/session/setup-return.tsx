import { useTexts } from '@tollgate/web';
import { type ReactNode, useEffect } from 'react';
import { entryTexts } from './entry-texts';
import { Notice } from './notice';

/** Between the tab of the payment provider and the one of the portal, which has the session. */
const CHANNEL = 'tollgate-setup';

export type SetupResult = 'completed' | 'canceled';

/** Result of a page of the payment provider that led back here; null: the page was opened otherwise. */
export function setupResult(): SetupResult | null {
  const result = new URLSearchParams(location.search).get('setup');
  return result === 'completed' || result === 'canceled' ? result : null;
}

/** Where the page of the payment provider leads back to: `setup` is added by the service. */
export const SETUP_RETURN = '/portal';

/** Calls `listener` when a page of the payment provider led back in another tab. */
export function useSetupReturn(listener: (result: SetupResult) => void): void {
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = ({ data }: MessageEvent<SetupResult>) => listener(data);
    return () => channel.close();
  });
}

/** The tab of the payment provider after it led back: it has no session, so that no address has a secret. */
export function SetupReturned({ result }: { result: SetupResult }): ReactNode {
  const t = useTexts(entryTexts);
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL);
    channel.postMessage(result);
    channel.close();
  }, [result]);
  return <Notice title={result === 'completed' ? t.setupCompletedTitle : t.setupCanceledTitle} text={t.closeTab} />;
}
