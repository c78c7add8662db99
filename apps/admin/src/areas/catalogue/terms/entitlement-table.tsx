import { Group, Select, Stack } from '@mantine/core';
import { useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { describeEntitlement } from './describe';
import { EntitlementDialog } from './entitlement-dialog';
import { Parts } from './price-table';
import { TermTable } from './term-table';
import { termTexts } from './term-texts';
import { type Entitlement, errorsBelow, type Feature, newEntitlement } from './terms';

interface EntitlementTableProps {
  entitlements: Entitlement[];
  onChange: (entitlements: Entitlement[]) => void;
  features: Feature[];
  /** Currency of the prices beside them. */
  currency: string;
  /** Messages of the whole draft, by path. */
  errors: Record<string, string>;
}

/** Entitlements of a draft, with one row for each feature. */
export function EntitlementTable(props: EntitlementTableProps): ReactNode {
  const { entitlements, onChange, features, errors } = props;
  const t = useTexts(termTexts);
  const formats = useFormats();
  const [edited, setEdited] = useState<number | null>(null);
  const current = edited === null ? undefined : entitlements[edited];
  const nameOf = (key: string): string => features.find((feature) => feature.key === key)?.name ?? key;
  const free = features.filter(({ key }) => entitlements.every(({ feature }) => feature !== key));
  const add = (key: string): void => {
    const feature = free.find((one) => one.key === key);
    if (!feature) return;
    onChange([...entitlements, newEntitlement(feature)]);
    setEdited(entitlements.length);
  };
  return (
    <Stack gap="xs">
      <TermTable
        label={t.entitlements}
        head={[t.feature, t.terms]}
        empty={t.noEntitlements}
        rows={entitlements.map((entitlement, index) => ({
          name: nameOf(entitlement.feature),
          cell: <Parts parts={describeEntitlement(entitlement, t, formats)} />,
          errors: errorsBelow(errors, `entitlements.${index}`),
          edit: () => setEdited(index),
          remove: () => onChange(entitlements.toSpliced(index, 1)),
        }))}
      />
      {free.length > 0 && (
        <Group>
          <Select
            aria-label={t.addEntitlement}
            placeholder={t.addEntitlement}
            data={free.map(({ key, name }) => ({ value: key, label: name }))}
            value={null}
            onChange={(key) => key && add(key)}
            searchable
          />
        </Group>
      )}
      {edited !== null && current && (
        <EntitlementDialog
          entitlement={current}
          name={nameOf(current.feature)}
          currency={props.currency}
          errors={errorsBelow(errors, `entitlements.${edited}`)}
          onApply={(entitlement) => onChange(entitlements.with(edited, entitlement))}
          onClose={() => setEdited(null)}
        />
      )}
    </Stack>
  );
}
