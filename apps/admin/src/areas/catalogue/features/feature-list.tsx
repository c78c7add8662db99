import { Code } from '@mantine/core';
import { bodyOf, type Column, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { api } from '../../../shell/session';
import { catalogueTexts } from '../catalogue-texts';
import { useChosenProduct } from '../parts/access';
import { ManagedList } from '../parts/managed-list';
import type { Feature } from '../terms/terms';
import { FeatureDialog } from './feature-dialog';
import { featureTexts } from './feature-texts';

/** Features of the product, with the changes that the API permits. */
export function FeatureList(): ReactNode {
  const t = useTexts(featureTexts);
  const product = useChosenProduct();
  const [open, setOpen] = useState<{ feature?: Feature } | null>(null);
  return (
    <>
      <ManagedList
        name="features"
        title={t.title}
        create={t.create}
        empty={{ title: t.empty, hint: t.emptyHint }}
        columns={useColumns()}
        read={(cursor) => bodyOf(api.GET('/v1/features', { params: { query: { product, cursor, limit: 50 } } }))}
        edit={(feature) => setOpen({ feature })}
        archive={({ key }) =>
          bodyOf(api.DELETE('/v1/features/{key}', { params: { path: { key }, query: { product } } }))
        }
        archiveEffect={t.archiveEffect}
      />
      {open && <FeatureDialog feature={open.feature} onClose={() => setOpen(null)} />}
    </>
  );
}

function useColumns(): Column<Feature>[] {
  const t = useTexts(featureTexts);
  const shared = useTexts(catalogueTexts);
  return [
    { key: 'name', title: shared.name, cell: ({ name }) => name },
    { key: 'key', title: shared.key, cell: ({ key }) => <Code>{key}</Code> },
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
