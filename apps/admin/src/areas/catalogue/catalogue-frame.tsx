import { Button, Group, Stack, Title } from '@mantine/core';
import { Link, Outlet } from '@tanstack/react-router';
import { EmptyState, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { useProduct, useProducts } from '../../shell/product';
import { catalogueTexts } from './catalogue-texts';

const PARTS = [
  { to: '/catalogue/plans', label: 'plans' },
  { to: '/catalogue/features', label: 'features' },
  { to: '/catalogue/add-ons', label: 'addOns' },
  { to: '/catalogue/coupons', label: 'coupons' },
  { to: '/catalogue/tax-rates', label: 'taxRates' },
  { to: '/catalogue/document', label: 'document' },
  { to: '/catalogue/settings', label: 'settings' },
] as const;

/** Title and parts of the catalogue of the chosen product. */
export function CatalogueFrame(): ReactNode {
  const t = useTexts(catalogueTexts);
  const product = useProduct();
  const products = useProducts();
  if (products?.length === 0) return <EmptyState title={t.noProduct}>{t.noProductHint}</EmptyState>;
  const name = products?.find(({ key }) => key === product)?.name ?? product;
  return (
    <Stack>
      <Title order={1} size="h2">
        {name ? t.titleOf(name) : t.title}
      </Title>
      <Group component="nav" aria-label={t.title} gap={4}>
        {PARTS.map(({ to, label }) => (
          <Button
            key={to}
            component={Link}
            to={to}
            size="compact-md"
            variant="subtle"
            activeProps={{ style: { textDecoration: 'underline', textUnderlineOffset: 6, fontWeight: 700 } }}
          >
            {t.parts[label]}
          </Button>
        ))}
      </Group>
      {product && <Outlet />}
    </Stack>
  );
}
