import { Button, Container, NativeSelect, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { bodyOf, commonTexts, EmptyState, Loaded, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { entryTexts } from './entry-texts';
import { OWN, VisitContext } from './visit';
import { account } from './visits';

const { api } = account;

/** The pages of a person with an account: the product of the newest subscription, or another one. */
export function AccountVisit({ children }: { children: ReactNode }): ReactNode {
  const t = useTexts(entryTexts);
  const common = useTexts(commonTexts);
  const [chosen, setChosen] = useState<string | null>(null);
  const products = useQuery({
    queryKey: ['own-products'],
    queryFn: async () => {
      const query = { limit: 100 };
      const { data } = await bodyOf(
        api.GET('/v1/customers/{customer}/subscriptions', { params: { path: OWN, query } }),
      );
      return [...new Set(data.map(({ product }) => product))];
    },
  });
  return (
    <Loaded query={products}>
      {(all) => {
        const product = chosen ?? all[0];
        if (!product)
          return (
            <Container component="main" size="xs">
              <EmptyState title={t.noProduct}>
                <Stack>
                  {t.noProductHint}
                  <Button variant="default" onClick={() => void account.signOut()}>
                    {common.signOut}
                  </Button>
                </Stack>
              </EmptyState>
            </Container>
          );
        const visit = { api, product, kind: 'account' as const, returnUrl: null, end: () => account.signOut() };
        return (
          <VisitContext value={visit}>
            {all.length > 1 && (
              <Container size="md" pt="sm" component="aside">
                <NativeSelect
                  label={t.product}
                  data={all}
                  value={product}
                  onChange={({ currentTarget }) => setChosen(currentTarget.value)}
                />
              </Container>
            )}
            {children}
          </VisitContext>
        );
      }}
    </Loaded>
  );
}
