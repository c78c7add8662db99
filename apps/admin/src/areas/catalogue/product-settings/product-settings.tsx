import { Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { useProducts } from '../../../shell/product';
import { useChosenProduct } from '../parts/access';
import { BillingPanel } from './billing-panel';
import { PortalPanel } from './portal-panel';
import { ProductNamePanel } from './product-name-panel';

/** Name, billing and portal of the product. */
export function ProductSettings(): ReactNode {
  const product = useChosenProduct();
  const name = useProducts()?.find(({ key }) => key === product)?.name;
  return (
    <Stack key={product}>
      {name !== undefined && <ProductNamePanel name={name} />}
      <BillingPanel />
      <PortalPanel />
    </Stack>
  );
}
