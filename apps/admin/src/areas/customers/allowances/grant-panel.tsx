import { Button, Group, Text } from '@mantine/core';
import { bodyOf, type Column, DataTable, type Formats, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../../shell/action-dialog';
import { useCan } from '../../../shell/me';
import { Panel } from '../../../shell/panel';
import { api } from '../../../shell/session';
import { customerKey, type Grant, readGrants } from '../customer-reads';
import { allowanceTexts } from './allowance-texts';
import { GrantDialog } from './grant-dialog';

type Texts = (typeof allowanceTexts)['en'];

/** Grants of the customer, with commands to add and to void them. */
export function GrantPanel({ customer, product }: { customer: string; product: string }): ReactNode {
  const t = useTexts(allowanceTexts);
  const formats = useFormats();
  const can = useCan();
  const [isAdding, setIsAdding] = useState(false);
  const [voided, setVoided] = useState<Grant | null>(null);
  const columns = [
    ...grantColumns(t, formats),
    ...(can('voidGrant') ? [actionColumn(t, (grant) => setVoided(grant))] : []),
  ];
  return (
    <Panel title={t.grants} hint={t.grantsHint}>
      {can('createGrant') && (
        <Group>
          <Button onClick={() => setIsAdding(true)}>{t.addGrant}</Button>
        </Group>
      )}
      <DataTable
        label={t.grantsOf(customer)}
        queryKey={[...customerKey(customer), 'grant-list', product]}
        read={(cursor) => readGrants({ customer, product, cursor })}
        columns={columns}
        rowKey={({ id }) => id}
        empty={{ title: t.noGrants }}
      />
      {isAdding && <GrantDialog customer={customer} product={product} onClose={() => setIsAdding(false)} />}
      {voided && <VoidDialog customer={customer} grant={voided} onClose={() => setVoided(null)} />}
    </Panel>
  );
}

const grantColumns = (t: Texts, formats: Formats): Column<Grant>[] => [
  { key: 'feature', title: t.feature, cell: ({ feature }) => feature },
  { key: 'status', title: t.status, cell: ({ status }) => t.grantStatuses[status] },
  {
    key: 'balance',
    title: t.balance,
    numeric: true,
    cell: ({ balance, quantity }) => t.balanceOf(formats.number(balance), formats.number(quantity)),
  },
  { key: 'from', title: t.effective, wide: true, cell: ({ effectiveAt }) => formats.dateTime(effectiveAt) },
  {
    key: 'expires',
    title: t.expires,
    wide: true,
    cell: ({ expiresAt }) => (expiresAt ? formats.dateTime(expiresAt) : t.never),
  },
  { key: 'reason', title: t.reason, cell: ({ reason }) => reason },
];

const actionColumn = (t: Texts, onVoid: (grant: Grant) => void): Column<Grant> => ({
  key: 'actions',
  title: t.actions,
  cell: (grant) =>
    grant.voidedAt === null && (
      <Button size="compact-xs" variant="default" onClick={() => onVoid(grant)}>
        {t.voidGrant}
      </Button>
    ),
});

function VoidDialog(props: { customer: string; grant: Grant; onClose: () => void }): ReactNode {
  const t = useTexts(allowanceTexts);
  const formats = useFormats();
  const { customer, grant } = props;
  return (
    <ActionDialog
      title={t.voidGrant}
      confirm={t.voidGrant}
      dangerous
      opened
      onClose={props.onClose}
      run={() =>
        bodyOf(api.DELETE('/v1/customers/{customer}/grants/{id}', { params: { path: { customer, id: grant.id } } }))
      }
      done={t.grantVoided}
      invalidates={[customerKey(customer)]}
    >
      <Text size="sm">{t.voidEffect(formats.number(grant.balance), grant.feature)}</Text>
    </ActionDialog>
  );
}
