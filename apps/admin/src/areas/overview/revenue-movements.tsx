import { Button, Group, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { bodyOf, EmptyState, Loaded, LoadingState, useFormats, useTexts } from '@tollgate/web';
import { lazy, type ReactNode, Suspense } from 'react';
import { Panel } from '../../shell/panel';
import { api } from '../../shell/session';
import { type MonthlyRevenue, MOVEMENTS } from './monthly-revenue';
import { overviewTexts } from './overview-texts';

const RevenueChart = lazy(() =>
  import('./revenue-chart').then(({ RevenueChart: component }) => ({ default: component })),
);

/** MRR of twelve months with its movements, by currency. */
export function RevenueMovements({ product }: { product: string }): ReactNode {
  const t = useTexts(overviewTexts);
  const revenue = useQuery({
    queryKey: ['stats', 'mrr', product],
    queryFn: () => bodyOf(api.GET('/v1/stats/mrr', { params: { query: { product } } })),
  });
  return (
    <Loaded query={revenue} rows={8}>
      {({ data }) => {
        const currencies = [...Map.groupBy(data, ({ currency }) => currency)];
        if (currencies.length === 0)
          return (
            <Panel title={t.movements}>
              <EmptyState title={t.noRevenue} />
            </Panel>
          );
        return currencies.map(([currency, months]) => (
          <OneCurrency key={currency} currency={currency} months={months} />
        ));
      }}
    </Loaded>
  );
}

function OneCurrency({ currency, months }: { currency: string; months: MonthlyRevenue[] }): ReactNode {
  const t = useTexts(overviewTexts);
  const formats = useFormats();
  const [table, { toggle }] = useDisclosure();
  const present = months.at(-1)!;
  const change = present.end - present.start;
  const signed = `${change < 0 ? '−' : '+'}${formats.money(Math.abs(change), currency)}`;
  return (
    <Panel title={t.movementsOf(currency)} hint={t.mrrHint}>
      <Group justify="space-between" align="flex-end">
        <div>
          <Text size="sm">{t.mrr}</Text>
          <Text fz={28} fw={700}>
            {formats.money(present.end, currency)}
          </Text>
          <Text size="sm">{t.since(signed)}</Text>
        </div>
        <Button variant="default" size="xs" onClick={toggle} aria-expanded={table}>
          {table ? t.hideTable : t.showTable}
        </Button>
      </Group>
      <Suspense fallback={<LoadingState rows={6} />}>
        <RevenueChart months={months} currency={currency} />
      </Suspense>
      {table && <RevenueTable months={months} currency={currency} />}
    </Panel>
  );
}

function RevenueTable({ months, currency }: { months: MonthlyRevenue[]; currency: string }): ReactNode {
  const t = useTexts(overviewTexts);
  const formats = useFormats();
  return (
    <Stack style={{ overflowX: 'auto' }} tabIndex={0} role="region" aria-label={t.movementsOf(currency)}>
      <Table aria-label={t.movementsOf(currency)}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t.month}</Table.Th>
            {MOVEMENTS.map((kind) => (
              <Table.Th key={kind} ta="end">
                {t.kinds[kind]}
              </Table.Th>
            ))}
            <Table.Th ta="end">{t.end}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {months.map((month) => (
            <Table.Tr key={month.month}>
              <Table.Td>{formats.month(month.month)}</Table.Td>
              {MOVEMENTS.map((kind) => (
                <Table.Td key={kind} ta="end">
                  {formats.money(month[kind], currency)}
                </Table.Td>
              ))}
              <Table.Td ta="end">{formats.money(month.end, currency)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}
