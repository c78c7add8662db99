import { ScrollArea } from '@mantine/core';
import type { ReactNode } from 'react';

/** Scrolls a wide table sideways, also by keyboard. */
export function Scroller({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return (
    <ScrollArea type="auto" viewportProps={{ tabIndex: 0, role: 'group', 'aria-label': label }}>
      {children}
    </ScrollArea>
  );
}
