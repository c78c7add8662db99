import { Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { GrantPanel } from './grant-panel';
import { OverridePanel } from './override-panel';

/** Grants and overrides: what the customer has beside its plan, and in place of it. */
export function CustomerAllowances({ customer, product }: { customer: string; product: string }): ReactNode {
  return (
    <Stack>
      <GrantPanel customer={customer} product={product} />
      <OverridePanel customer={customer} product={product} />
    </Stack>
  );
}
