import { Code } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { useNavigate } from '@tanstack/react-router';
import { bodyOf, type Column, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { api } from '../../../shell/session';
import { catalogueTexts } from '../catalogue-texts';
import { useChosenProduct } from '../parts/access';
import { ManagedList } from '../parts/managed-list';
import { describeEntitlement, describePrice, priceLabel } from '../terms/describe';
import { Parts } from '../terms/price-table';
import { termTexts } from '../terms/term-texts';
import { salesTexts } from './sales-texts';

type AddOn = components['schemas']['AddOnDto'];

/** Add-ons of the product with prices and entitlements. */
export function AddOnList(): ReactNode {
  const t = useTexts(salesTexts).addOns;
  const product = useChosenProduct();
  const navigate = useNavigate();
  return (
    <ManagedList
      name="add-ons"
      title={t.title}
      create={t.create}
      empty={{ title: t.empty, hint: t.hint }}
      columns={useColumns()}
      read={(cursor) => bodyOf(api.GET('/v1/add-ons', { params: { query: { product, cursor, limit: 50 } } }))}
      edit={(addOn) => void navigate({ to: '/catalogue/add-on', search: { key: addOn?.key } })}
      archive={({ key }) => bodyOf(api.DELETE('/v1/add-ons/{key}', { params: { path: { key }, query: { product } } }))}
      archiveEffect={t.archiveEffect}
    />
  );
}

function useColumns(): Column<AddOn>[] {
  const shared = useTexts(catalogueTexts);
  const terms = useTexts(termTexts);
  const formats = useFormats();
  return [
    { key: 'name', title: shared.name, cell: ({ name }) => name },
    { key: 'key', title: shared.key, wide: true, cell: ({ key }) => <Code>{key}</Code> },
    {
      key: 'prices',
      title: terms.prices,
      cell: ({ prices }) => (
        <Parts
          parts={prices.map((price) =>
            [priceLabel(price, terms), describePrice(price, terms, formats).join('; ')].join(': '),
          )}
        />
      ),
    },
    {
      key: 'entitlements',
      title: terms.entitlements,
      wide: true,
      cell: ({ entitlements }) => (
        <Parts
          parts={entitlements.map(
            (entitlement) => `${entitlement.feature}: ${describeEntitlement(entitlement, terms, formats)[0]}`,
          )}
        />
      ),
    },
  ];
}
