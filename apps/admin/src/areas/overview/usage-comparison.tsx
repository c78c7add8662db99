import { Table } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { useQuery } from '@tanstack/react-query';
import { bodyOf, EmptyState, Loaded, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Panel } from '../../shell/panel';
import { api } from '../../shell/session';
import { overviewTexts } from './overview-texts';

type FeatureUsage = components['schemas']['FeatureUsageDto'];

/** The present month up to now, and as many days of the month before. UTC, as the API counts. */
function comparedSpans(now: Date): { present: [Date, Date]; past: [Date, Date] } {
  const start = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  const pastStart = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1));
  const pastEnd = new Date(Math.min(pastStart.getTime() + (now.getTime() - start.getTime()), start.getTime()));
  return { present: [start, now], past: [pastStart, pastEnd] };
}

async function usageOf(product: string, [from, to]: [Date, Date]): Promise<FeatureUsage[]> {
  const query = { product, from: from.toISOString(), to: to.toISOString(), by: 'month' as const };
  return (await bodyOf(api.GET('/v1/stats/usage', { params: { query } }))).features;
}

async function compare(product: string) {
  const { present, past } = comparedSpans(new Date());
  const [now, before] = await Promise.all([usageOf(product, present), usageOf(product, past)]);
  const earlier = new Map(before.map(({ feature, quantity }) => [feature, quantity]));
  return now
    .map(({ feature, quantity }) => ({ feature, quantity, before: earlier.get(feature) ?? 0 }))
    .filter((row) => row.quantity > 0 || row.before > 0);
}

/** Usage of each feature against the same days of last month. */
export function UsageComparison({ product }: { product: string }): ReactNode {
  const t = useTexts(overviewTexts);
  const formats = useFormats();
  const usage = useQuery({ queryKey: ['stats', 'usage', product], queryFn: () => compare(product) });
  const change = (quantity: number, before: number): string =>
    before === 0 ? '' : `${quantity < before ? '−' : '+'}${formats.percent(Math.abs(quantity - before) / before)}`;
  return (
    <Panel title={t.usage} hint={t.usageHint}>
      <Loaded query={usage}>
        {(rows) =>
          rows.length === 0 ? (
            <EmptyState title={t.noUsage} />
          ) : (
            <Table aria-label={t.usage}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.feature}</Table.Th>
                  <Table.Th ta="end">{t.thisMonth}</Table.Th>
                  <Table.Th ta="end">{t.lastMonth}</Table.Th>
                  <Table.Th ta="end">{t.change}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.map(({ feature, quantity, before }) => (
                  <Table.Tr key={feature}>
                    <Table.Td>{feature}</Table.Td>
                    <Table.Td ta="end">{formats.number(quantity)}</Table.Td>
                    <Table.Td ta="end">{formats.number(before)}</Table.Td>
                    <Table.Td ta="end">{change(quantity, before)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )
        }
      </Loaded>
    </Panel>
  );
}
