import { SimpleGrid, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { bodyOf, EmptyState, Loaded, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { useCan } from '../../shell/me';
import { Figure, Panel } from '../../shell/panel';
import { useProduct, useProducts } from '../../shell/product';
import { api } from '../../shell/session';
import { Attention } from './attention';
import { Denials } from './denials';
import { overviewTexts } from './overview-texts';
import { PlanCounts } from './plan-counts';
import { RevenueMovements } from './revenue-movements';
import { UsageComparison } from './usage-comparison';

const REFRESH_MS = 60_000;

/** State of one product: revenue, subscriptions, usage. */
export function Overview(): ReactNode {
  const t = useTexts(overviewTexts);
  const product = useProduct();
  const products = useProducts();
  const can = useCan();
  if (products?.length === 0) return <EmptyState title={t.noProduct}>{t.noProductHint}</EmptyState>;
  return (
    <Stack>
      <Title order={1} size="h2">
        {t.title}
      </Title>
      {product && (
        <>
          {can('listAttention') && <Attention product={product} />}
          {can('getSubscriptionStats') && <Subscriptions product={product} />}
          {can('getMrrStats') && <RevenueMovements product={product} />}
          {can('getUsageStats') && <UsageComparison product={product} />}
          {can('getDenialStats') && <Denials product={product} />}
        </>
      )}
    </Stack>
  );
}

function Subscriptions({ product }: { product: string }): ReactNode {
  const t = useTexts(overviewTexts);
  const formats = useFormats();
  const stats = useQuery({
    queryKey: ['stats', 'subscriptions', product],
    queryFn: () => bodyOf(api.GET('/v1/stats/subscriptions', { params: { query: { product } } })),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Loaded query={stats}>
      {({ live, ending, started, ended, statuses, plans, asOf }) => (
        <>
          <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }}>
            <Figure label={t.live} value={formats.number(live)} hint={t.asOf(formats.relative(asOf))} />
            <Figure label={t.trialing} value={formats.number(statuses?.trialing ?? 0)} />
            <Figure label={t.pastDue} value={formats.number(statuses?.past_due ?? 0)} />
            <Figure label={t.ending} value={formats.number(ending)} />
            <Figure label={t.startedRecently} value={formats.number(started)} hint={t.lastDays} />
            <Figure label={t.endedRecently} value={formats.number(ended)} hint={t.lastDays} />
          </SimpleGrid>
          <Panel title={t.plans}>
            <PlanCounts plans={plans} />
          </Panel>
        </>
      )}
    </Loaded>
  );
}
