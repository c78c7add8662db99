import { Group, SegmentedControl, Select, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { EmptyState, Loaded, LoadingState, useFormats, useTexts } from '@tollgate/web';
import { lazy, type ReactNode, Suspense } from 'react';
import { Panel } from '../../../shell/panel';
import { entitlementsQuery } from '../customer-reads';
import { type CustomerView, STEPS } from '../customer-search';
import { type Step, usageQuery, type UsageSeries } from './usage-reads';
import { usageTexts } from './usage-texts';

const UsageChart = lazy(() => import('./usage-chart').then(({ UsageChart: component }) => ({ default: component })));

interface CustomerProps {
  customer: string;
  product: string;
}

/** Usage of one feature over time, as a chart and as a table. */
export function CustomerUsage({ customer, product }: CustomerProps): ReactNode {
  const t = useTexts(usageTexts);
  const entitlements = useQuery(entitlementsQuery(customer, product));
  const search = useSearch({ from: '/customers/$key' });
  return (
    <Panel title={t.title}>
      <Loaded query={entitlements}>
        {({ data }) => {
          const counted = data.filter(({ used }) => used !== undefined);
          const feature = search.feature ?? counted[0]?.feature;
          if (!feature) return <EmptyState title={t.noFeature} />;
          const by = search.by ?? 'day';
          const now = data[0]?.asOf ?? new Date(entitlements.dataUpdatedAt).toISOString();
          return (
            <Stack>
              <Choice features={counted.map((one) => one.feature)} feature={feature} by={by} />
              <Series customer={customer} product={product} feature={feature} by={by} now={now} />
            </Stack>
          );
        }}
      </Loaded>
    </Panel>
  );
}

function Choice({ features, feature, by }: { features: string[]; feature: string; by: Step }): ReactNode {
  const t = useTexts(usageTexts);
  const navigate = useNavigate({ from: '/customers/$key' });
  const put = (changed: CustomerView): void =>
    void navigate({ search: (now) => ({ ...now, ...changed }), replace: true });
  return (
    <Group align="end">
      <Select
        label={t.feature}
        data={[...new Set([feature, ...features])]}
        value={feature}
        onChange={(chosen) => put({ feature: chosen ?? undefined })}
        allowDeselect={false}
      />
      <SegmentedControl
        aria-label={t.by}
        data={STEPS.map((value) => ({ value, label: t.steps[value] }))}
        value={by}
        onChange={(value) => put({ by: STEPS.find((one) => one === value) })}
      />
    </Group>
  );
}

function Series(question: CustomerProps & { feature: string; by: Step; now: string }): ReactNode {
  const t = useTexts(usageTexts);
  const formats = useFormats();
  const usage = useQuery(usageQuery(question));
  const { by, feature } = question;
  const textOf = (zone: string) => (start: string) =>
    by === 'hour' ? formats.dateTime(start, zone) : formats.date(start, zone);
  return (
    <Loaded query={usage}>
      {(series) =>
        series.data.length === 0 ? (
          <EmptyState title={t.noUsage(t.spans[by])} />
        ) : (
          <Stack>
            <Text size="sm">{t.total(formats.number(series.total), t.spans[by])}</Text>
            <Suspense fallback={<LoadingState />}>
              <UsageChart series={series} by={by} label={t.chartOf(feature)} stepText={textOf(series.timezone)} />
            </Suspense>
            <UsageTable series={series} stepText={textOf(series.timezone)} />
          </Stack>
        )
      }
    </Loaded>
  );
}

function UsageTable({ series, stepText }: { series: UsageSeries; stepText: (start: string) => string }): ReactNode {
  const t = useTexts(usageTexts);
  const formats = useFormats();
  return (
    <Table aria-label={t.tableOf(series.feature)}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t.start(series.timezone)}</Table.Th>
          <Table.Th ta="end">{t.units}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {series.data.toReversed().map(({ start, quantity }) => (
          <Table.Tr key={start}>
            <Table.Td>{stepText(start)}</Table.Td>
            <Table.Td ta="end">{formats.number(quantity)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
