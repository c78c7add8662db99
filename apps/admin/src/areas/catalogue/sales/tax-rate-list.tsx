import { Code } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { bodyOf, type Column, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { api } from '../../../shell/session';
import { catalogueTexts } from '../catalogue-texts';
import { useChosenProduct } from '../parts/access';
import { ManagedList } from '../parts/managed-list';
import { salesTexts } from './sales-texts';
import { TaxRateDialog } from './tax-rate-dialog';

type TaxRate = components['schemas']['TaxRateDto'];

/** Tax rates of the product by buyer and time. */
export function TaxRateList(): ReactNode {
  const t = useTexts(salesTexts).taxRates;
  const product = useChosenProduct();
  const [open, setOpen] = useState<{ rate?: TaxRate } | null>(null);
  return (
    <>
      <ManagedList
        name="tax-rates"
        title={t.title}
        create={t.create}
        empty={{ title: t.empty, hint: t.hint }}
        columns={useColumns()}
        read={(cursor) => bodyOf(api.GET('/v1/tax-rates', { params: { query: { product, cursor, limit: 50 } } }))}
        edit={(rate) => setOpen({ rate })}
        archive={({ key }) =>
          bodyOf(api.DELETE('/v1/tax-rates/{key}', { params: { path: { key }, query: { product } } }))
        }
        archiveEffect={t.archiveEffect}
      />
      {open && <TaxRateDialog rate={open.rate} onClose={() => setOpen(null)} />}
    </>
  );
}

function useColumns(): Column<TaxRate>[] {
  const t = useTexts(salesTexts).taxRates;
  const shared = useTexts(catalogueTexts);
  const formats = useFormats();
  return [
    { key: 'name', title: shared.name, cell: ({ name }) => name },
    { key: 'key', title: shared.key, wide: true, cell: ({ key }) => <Code>{key}</Code> },
    { key: 'percentage', title: t.percentage, numeric: true, cell: ({ percentage }) => `${percentage} %` },
    {
      key: 'kind',
      title: t.kind,
      wide: true,
      cell: ({ inclusive }) => t.kinds[inclusive ? 'inclusive' : 'exclusive'],
    },
    {
      key: 'buyers',
      title: t.buyers,
      cell: ({ country, region }) => [country, region].filter(Boolean).join(', ') || t.everyBuyer,
    },
    {
      key: 'validity',
      title: t.validity,
      wide: true,
      cell: ({ validFrom, validUntil }) =>
        [
          ...(validFrom ? [t.from(formats.dateTime(validFrom))] : []),
          ...(validUntil ? [t.until(formats.dateTime(validUntil))] : []),
        ].join(' ') || t.unlimited,
    },
  ];
}
