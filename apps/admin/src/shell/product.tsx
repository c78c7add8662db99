import { Select } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { useMe } from './me';
import { productsQuery } from './product-reads';
import { shellTexts } from './shell-texts';

type Product = components['schemas']['ProductDto'];

/** Products that the user may read: one for a product admin. */
export function useProducts(): Product[] | undefined {
  return useQuery(productsQuery).data?.data;
}

/** Key of the chosen product: of the URL, of a product admin, or the first one. Undefined while products load. */
export function useProduct(): string | undefined {
  const { product } = useSearch({ strict: false });
  const me = useMe();
  const products = useProducts();
  return product ?? me.product ?? products?.[0]?.key;
}

/** Changes the product in the URL; not shown where there is one only. */
export function ProductSelect(): ReactNode {
  const t = useTexts(shellTexts);
  const navigate = useNavigate();
  const chosen = useProduct();
  const products = useProducts() ?? [];
  if (products.length < 2) return null;
  return (
    <Select
      aria-label={t.product}
      data={products.map(({ key, name }) => ({ value: key, label: name }))}
      value={chosen ?? null}
      onChange={(product) => product && void navigate({ to: '.', search: (now) => ({ ...now, product }) })}
      allowDeselect={false}
      searchable
      w={{ base: 100, sm: 180 }}
    />
  );
}
