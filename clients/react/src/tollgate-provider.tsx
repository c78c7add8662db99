import { QueryClient } from '@tanstack/react-query';
import { createContext, type ReactElement, type ReactNode, useContext, useMemo, useState } from 'react';
import { createFormats, type Formats } from './formats';
import { type Decision, type FetchToken, PortalRequests, type Subscription } from './requests';
import { TEXTS, type TollgateTexts } from './texts';

interface TollgateContext {
  requests: PortalRequests;
  /** Own cache: the host may use another one for its own reads. */
  queries: QueryClient;
  texts: TollgateTexts;
  formats: Formats;
  unstyled: boolean;
}

const Context = createContext<TollgateContext | null>(null);

export interface TollgateProviderProps {
  /** Origin of the service, for example https://tollgate.example.com. Its CORS_ORIGINS must list the page's origin. */
  url: string;
  /** Returns an access token of a portal session. Called when a component first needs one, and after it expired. */
  fetchToken: FetchToken;
  language?: 'en' | 'de';
  /** Texts that replace those of the language. */
  texts?: Partial<TollgateTexts>;
  /** True: elements have no class names, for hosts with their own styles. */
  unstyled?: boolean;
  /** State that the host's server has read, so that the first render shows it. */
  initial?: { entitlements?: Decision[]; subscription?: Subscription | null };
  children?: ReactNode;
}

/**
 * Connects the components below it to one customer.
 * @example
 * <TollgateProvider url="https://tollgate.example.com" fetchToken={() => fetch('/billing/token').then((r) => r.text())}>
 *   <UsageBar feature="api_calls" />
 * </TollgateProvider>
 */
export function TollgateProvider(props: TollgateProviderProps): ReactElement {
  const { url, fetchToken, language = 'en', texts, unstyled = false, initial } = props;
  const [queries] = useState(() => createCache(initial));
  const [requests] = useState(() => new PortalRequests(url, fetchToken));
  const value = useMemo(
    () => ({
      requests,
      queries,
      texts: { ...TEXTS[language], ...texts },
      formats: createFormats(language),
      unstyled,
    }),
    [requests, queries, language, texts, unstyled],
  );
  return <Context.Provider value={value}>{props.children}</Context.Provider>;
}

function createCache(initial: TollgateProviderProps['initial']): QueryClient {
  const queries = new QueryClient({ defaultOptions: { queries: { staleTime: 10_000, retry: 1 } } });
  if (initial?.entitlements) queries.setQueryData(['entitlements'], initial.entitlements);
  if (initial?.subscription !== undefined) queries.setQueryData(['subscription'], initial.subscription);
  return queries;
}

/** @throws Error outside a TollgateProvider */
export function useTollgate(): TollgateContext {
  const context = useContext(Context);
  if (!context) throw new Error('A component of @tollgate/react needs a TollgateProvider above it.');
  return context;
}

/** Class name of an element; undefined when the host has its own styles. */
export function useClass(): (name: string) => string | undefined {
  const { unstyled } = useTollgate();
  return (name) => (unstyled ? undefined : `tollgate-${name}`);
}
