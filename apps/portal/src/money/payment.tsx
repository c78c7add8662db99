import { Badge, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ActionDialog, bodyOf, EmptyState, ErrorState, Loaded, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { useSetupReturn } from '../session/setup-return';
import { OWN, useVisit } from '../session/visit';
import { Page } from '../shell/page';
import { Panel } from '../shell/panel';
import { AddMethodDialog } from './add-method-dialog';
import { type Method, nameOf, STORED_WITHIN_MS, useMethods } from './methods';
import { moneyTexts } from './money-texts';

/** Payment methods and the credit of the customer. */
export function Payment(): ReactNode {
  const t = useTexts(moneyTexts);
  // The last set-up of a method: the number of methods before it, and until when the list is read again.
  const [setup, setSetup] = useState({ known: -1, until: 0 });
  const methods = useMethods(setup.until);
  const [adding, setAdding] = useState(false);
  const queries = useQueryClient();
  useSetupReturn((result) => {
    const isSaved = result === 'completed';
    setAdding(false);
    if (isSaved) setSetup({ known: methods.data?.length ?? 0, until: Date.now() + STORED_WITHIN_MS });
    notifications.show({ message: isSaved ? t.added : t.notAdded, color: isSaved ? 'teal' : 'gray' });
    void queries.invalidateQueries({ queryKey: ['payment-methods'] });
  });
  return (
    <Page title={t.methods}>
      <Loaded query={methods}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState title={t.noMethods}>{t.noMethodsHint}</EmptyState>
          ) : (
            <Stack component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
              {all.map((method) => (
                <li key={method.id}>
                  <MethodCard method={method} isLast={all.length === 1} />
                </li>
              ))}
            </Stack>
          )
        }
      </Loaded>
      {(methods.data?.length ?? 0) <= setup.known && <Text role="status">{t.storing}</Text>}
      <Group>
        <Button onClick={() => setAdding(true)}>{t.add}</Button>
      </Group>
      {adding && <AddMethodDialog onClose={() => setAdding(false)} />}
      <Credit />
    </Page>
  );
}

function MethodCard({ method, isLast }: { method: Method; isLast: boolean }): ReactNode {
  const t = useTexts(moneyTexts);
  const { api } = useVisit();
  const queries = useQueryClient();
  const [removing, setRemoving] = useState(false);
  const params = { path: { ...OWN, id: method.id } };
  const prefer = useMutation({
    mutationFn: () => bodyOf(api.PUT('/v1/customers/{customer}/payment-methods/{id}/default', { params, body: {} })),
    onSuccess: async () => {
      notifications.show({ message: t.madeDefault, color: 'teal' });
      await queries.invalidateQueries({ queryKey: ['payment-methods'] });
    },
  });
  const { expiresMonth, expiresYear } = method;
  return (
    <Paper withBorder p="md">
      <Group justify="space-between">
        <div>
          <Group gap="xs">
            <Text fw={600}>{nameOf(method)}</Text>
            {method.isDefault && <Badge variant="dot">{t.isDefault}</Badge>}
          </Group>
          {expiresMonth && (
            <Text size="sm">{t.expires(`${String(expiresMonth).padStart(2, '0')}/${expiresYear}`)}</Text>
          )}
        </div>
        <Group gap="xs">
          {!method.isDefault && (
            <Button size="xs" variant="default" loading={prefer.isPending} onClick={() => prefer.mutate()}>
              {t.makeDefault}
            </Button>
          )}
          <Button size="xs" variant="default" onClick={() => setRemoving(true)}>
            {t.remove}
          </Button>
        </Group>
      </Group>
      {prefer.isError && <ErrorState error={prefer.error} />}
      <ActionDialog
        title={t.removeTitle}
        confirm={t.remove}
        opened={removing}
        onClose={() => setRemoving(false)}
        run={() => bodyOf(api.DELETE('/v1/customers/{customer}/payment-methods/{id}', { params }))}
        done={t.removed}
        invalidates={[['payment-methods']]}
        dangerous
      >
        <Text>{t.removeText(nameOf(method))}</Text>
        {isLast && <Text>{t.removeLast}</Text>}
      </ActionDialog>
    </Paper>
  );
}

/** Money that the next invoices use first. */
function Credit(): ReactNode {
  const t = useTexts(moneyTexts);
  const { money } = useFormats();
  const { api, product } = useVisit();
  const credit = useQuery({
    queryKey: ['credit', product],
    queryFn: () => bodyOf(api.GET('/v1/customers/{customer}/credit-balance', { params: { path: OWN } })),
  });
  const balances = (credit.data?.balances ?? []).filter((one) => one.product === product && one.balance > 0);
  if (credit.isError) return <ErrorState error={credit.error} />;
  if (balances.length === 0) return null;
  return (
    <Panel title={t.balance}>
      {balances.map(({ currency, balance }) => (
        <Text key={currency}>{t.balanceText(money(balance, currency))}</Text>
      ))}
    </Panel>
  );
}
