import { Stack, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** A page with its heading. */
export function Page({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <Stack>
      <Title order={1} size="h2">
        {title}
      </Title>
      {children}
    </Stack>
  );
}
