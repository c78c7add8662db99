import { Badge } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import type { Subscription } from './customer-reads';
import { customerTexts } from './customer-texts';

const COLORS: Record<Subscription['status'], string> = {
  trialing: 'blue',
  active: 'teal',
  past_due: 'red',
  paused: 'yellow',
  canceled: 'orange',
  expired: 'gray',
  inactive: 'gray',
};

/** Status of a subscription, with a colour beside its name. */
export function StatusBadge({ status }: { status: Subscription['status'] }): ReactNode {
  const t = useTexts(customerTexts);
  return (
    <Badge variant="outline" color={COLORS[status]} c="var(--mantine-color-text)" tt="none">
      {t.statuses[status]}
    </Badge>
  );
}
