import { Button, Code, Group, Text } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { bodyOf, type Column, DataTable, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { api } from '../../../shell/session';
import { catalogueTexts } from '../catalogue-texts';
import { useChosenProduct, useMayEdit } from '../parts/access';
import { EditDialog } from '../parts/edit-dialog';
import { RowActions } from '../parts/row-actions';
import { FeatureDialog } from './feature-dialog';
import { featureTexts } from './feature-texts';

type Feature = components['schemas']['FeatureDto'];
type Open = { dialog: 'create' } | { dialog: 'edit' | 'archive'; feature: Feature } | null;

/** Features of the product, with the changes that the API permits. */
export function FeatureList(): ReactNode {
  const t = useTexts(featureTexts);
  const product = useChosenProduct();
  const mayEdit = useMayEdit();
  const [open, setOpen] = useState<Open>(null);
  const close = (): void => setOpen(null);
  const columns = useColumns();
  const actions: Column<Feature> = {
    key: 'actions',
    title: useTexts(catalogueTexts).actions,
    numeric: true,
    cell: (feature) => (
      <RowActions
        name={feature.name}
        edit={() => setOpen({ dialog: 'edit', feature })}
        archive={() => setOpen({ dialog: 'archive', feature })}
      />
    ),
  };
  return (
    <>
      {mayEdit && (
        <Group justify="flex-end">
          <Button onClick={() => setOpen({ dialog: 'create' })}>{t.create}</Button>
        </Group>
      )}
      <DataTable
        label={t.title}
        queryKey={['catalogue', product, 'features', 'list']}
        read={(cursor) => bodyOf(api.GET('/v1/features', { params: { query: { product, cursor, limit: 50 } } }))}
        columns={mayEdit ? [...columns, actions] : columns}
        rowKey={({ id }) => id}
        empty={{ title: t.empty, hint: t.emptyHint }}
      />
      {open?.dialog === 'create' && <FeatureDialog onClose={close} />}
      {open?.dialog === 'edit' && <FeatureDialog feature={open.feature} onClose={close} />}
      {open?.dialog === 'archive' && <ArchiveFeature feature={open.feature} onClose={close} />}
    </>
  );
}

function useColumns(): Column<Feature>[] {
  const t = useTexts(featureTexts);
  return [
    { key: 'name', title: t.name, cell: ({ name }) => name },
    { key: 'key', title: t.key, cell: ({ key }) => <Code>{key}</Code> },
    { key: 'type', title: t.type, cell: ({ type }) => t.types[type] },
    { key: 'unit', title: t.unit, wide: true, cell: ({ unit }) => unit ?? '–' },
    {
      key: 'aggregation',
      title: t.aggregation,
      wide: true,
      cell: ({ type, aggregation }) => (type === 'metered' ? t.aggregations[aggregation] : '–'),
    },
    {
      key: 'failurePolicy',
      title: t.failurePolicy,
      wide: true,
      cell: ({ failurePolicy }) => t.failurePolicies[failurePolicy ?? 'none'],
    },
  ];
}

function ArchiveFeature({ feature, onClose }: { feature: Feature; onClose: () => void }): ReactNode {
  const t = useTexts(featureTexts);
  const shared = useTexts(catalogueTexts);
  const product = useChosenProduct();
  const params = { path: { key: feature.key }, query: { product } };
  return (
    <EditDialog
      title={shared.archiveOne(feature.name)}
      submit={shared.archive}
      danger
      onClose={onClose}
      save={() => bodyOf(api.DELETE('/v1/features/{key}', { params }))}
      invalidates={['catalogue', product]}
      saved={shared.archived(feature.name)}
    >
      {() => <Text>{t.archiveEffect}</Text>}
    </EditDialog>
  );
}
