import { type CSSVariablesResolver, MantineProvider, type MantineThemeOverride } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { ApiError } from './api-error';
import { pageNonce } from './nonce';
import { type Language, LanguageContext, preferredLanguage, storeLanguage } from './texts';
import { defaultTheme, readableColors } from './theme';

const MAX_RETRIES = 2;

/** Server state of a page: reads are repeated only while the service is unavailable. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) => failures < MAX_RETRIES && error instanceof ApiError && error.isUnavailable,
      },
      mutations: { retry: false },
    },
  });
}

interface PageRootProps {
  client: QueryClient;
  theme?: MantineThemeOverride;
  /** Colours that the theme does not have; `readableColors` by default. */
  variables?: CSSVariablesResolver;
  children: ReactNode;
}

/** Providers of a page: language, theme (light and dark), server state, notifications. */
export function PageRoot({ client, theme, variables, children }: PageRootProps): ReactNode {
  const [language, setLanguage] = useState<Language>(preferredLanguage);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const languageValue = useMemo(
    () => ({
      language,
      setLanguage: (next: Language) => {
        storeLanguage(next);
        setLanguage(next);
      },
    }),
    [language],
  );
  return (
    <LanguageContext value={languageValue}>
      <MantineProvider
        theme={theme ?? defaultTheme}
        cssVariablesResolver={variables ?? readableColors}
        defaultColorScheme="auto"
        getStyleNonce={() => pageNonce}
      >
        <QueryClientProvider client={client}>
          <Notifications position="top-right" />
          {children}
        </QueryClientProvider>
      </MantineProvider>
    </LanguageContext>
  );
}
