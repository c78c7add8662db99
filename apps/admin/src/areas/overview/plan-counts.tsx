import { Group, Progress, Stack, Text } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { useFormats } from '@tollgate/web';
import type { ReactNode } from 'react';

/** Subscriptions of each plan as bars, the largest first. */
export function PlanCounts({ plans }: { plans: components['schemas']['PlanCountsDto'][] }): ReactNode {
  const formats = useFormats();
  const counts = plans
    .map(({ plan, live }) => ({ plan, live }))
    .filter(({ live }) => live > 0)
    .toSorted((a, b) => b.live - a.live);
  const largest = counts[0]?.live ?? 1;
  return (
    <Stack gap="xs" component="ul" p={0} m={0}>
      {counts.map(({ plan, live }) => (
        <Stack key={plan} gap={2} component="li">
          <Group justify="space-between">
            <Text size="sm">{plan}</Text>
            <Text size="sm">{formats.number(live)}</Text>
          </Group>
          <Progress value={(live / largest) * 100} aria-label={plan} />
        </Stack>
      ))}
    </Stack>
  );
}
