import { Button, Group, Text } from '@mantine/core';
import { bodyOf, type Column, DataTable, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../../shell/action-dialog';
import { useCan } from '../../../shell/me';
import { Panel } from '../../../shell/panel';
import { api } from '../../../shell/session';
import { customerKey, type Override, readOverrides } from '../customer-reads';
import { describeEntitlement } from '../../catalogue/terms/describe';
import type { Entitlement } from '../../catalogue/terms/terms';
import { termTexts } from '../../catalogue/terms/term-texts';
import { allowanceTexts } from './allowance-texts';
import { OverrideDialog } from './override-dialog';

/** Overrides of the customer, with commands to set, change and remove them. */
export function OverridePanel({ customer, product }: { customer: string; product: string }): ReactNode {
  const t = useTexts(allowanceTexts);
  const can = useCan();
  // null: a new override.
  const [edited, setEdited] = useState<Override | null | undefined>();
  const [removed, setRemoved] = useState<Override | null>(null);
  return (
    <Panel title={t.overrides} hint={t.overridesHint}>
      {can('setOverride') && (
        <Group>
          <Button onClick={() => setEdited(null)}>{t.addOverride}</Button>
        </Group>
      )}
      <DataTable
        label={t.overridesOf(customer)}
        queryKey={[...customerKey(customer), 'override-list', product]}
        read={(cursor) => readOverrides({ customer, product, cursor })}
        columns={useColumns(setEdited, setRemoved)}
        rowKey={({ feature }) => feature}
        empty={{ title: t.noOverrides }}
      />
      {edited !== undefined && (
        <OverrideDialog customer={customer} product={product} override={edited} onClose={() => setEdited(undefined)} />
      )}
      {removed && (
        <RemoveDialog customer={customer} product={product} override={removed} onClose={() => setRemoved(null)} />
      )}
    </Panel>
  );
}

function useColumns(edit: (one: Override) => void, remove: (one: Override) => void): Column<Override>[] {
  const t = useTexts(allowanceTexts);
  const terms = useTexts(termTexts);
  const formats = useFormats();
  const can = useCan();
  return [
    { key: 'feature', title: t.feature, cell: ({ feature }) => feature },
    {
      key: 'terms',
      title: t.terms,
      cell: (override) => describeEntitlement(override.terms as unknown as Entitlement, terms, formats).join(', '),
    },
    {
      key: 'expires',
      title: t.expires,
      wide: true,
      cell: ({ expiresAt }) => (expiresAt ? formats.dateTime(expiresAt) : t.never),
    },
    { key: 'updated', title: t.updated, wide: true, cell: ({ updatedAt }) => formats.dateTime(updatedAt) },
    { key: 'reason', title: t.reason, cell: ({ reason }) => reason },
    {
      key: 'actions',
      title: t.actions,
      cell: (override) => (
        <Group gap={4} wrap="nowrap">
          {can('setOverride') && (
            <Button size="compact-xs" variant="default" onClick={() => edit(override)}>
              {t.edit}
            </Button>
          )}
          {can('removeOverride') && (
            <Button size="compact-xs" variant="default" onClick={() => remove(override)}>
              {t.remove}
            </Button>
          )}
        </Group>
      ),
    },
  ];
}

interface RemoveDialogProps {
  customer: string;
  product: string;
  override: Override;
  onClose: () => void;
}

function RemoveDialog({ customer, product, override: { feature }, onClose }: RemoveDialogProps): ReactNode {
  const t = useTexts(allowanceTexts);
  return (
    <ActionDialog
      title={t.removeOverride}
      confirm={t.remove}
      dangerous
      opened
      onClose={onClose}
      run={() =>
        bodyOf(
          api.DELETE('/v1/customers/{customer}/overrides/{feature}', {
            params: { path: { customer, feature }, query: { product } },
          }),
        )
      }
      done={t.overrideRemoved}
      invalidates={[customerKey(customer)]}
    >
      <Text size="sm">{t.removeEffect(feature)}</Text>
    </ActionDialog>
  );
}
