import { Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { bodyOf, EmptyState, Loaded, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Panel } from '../../shell/panel';
import { api } from '../../shell/session';
import { overviewTexts } from './overview-texts';

/** Denied decisions of the last 30 days by feature and reason, the most frequent first. */
export function Denials({ product }: { product: string }): ReactNode {
  const t = useTexts(overviewTexts);
  const formats = useFormats();
  const query = useQuery({
    queryKey: ['stats', 'denials', product],
    queryFn: async () => {
      const { data } = await bodyOf(api.GET('/v1/stats/denials', { params: { query: { product, by: 'day' } } }));
      const groups = Map.groupBy(data, ({ feature, reason }) => `${feature} ${reason}`);
      return [...groups.values()]
        .map((steps) => ({ ...steps[0]!, count: steps.reduce((sum, { count }) => sum + count, 0) }))
        .toSorted((a, b) => b.count - a.count);
    },
  });
  return (
    <Panel title={t.denials} hint={t.denialsHint}>
      <Loaded query={query}>
        {(rows) =>
          rows.length === 0 ? (
            <EmptyState title={t.noDenials} />
          ) : (
            <Table aria-label={t.denials}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.feature}</Table.Th>
                  <Table.Th>{t.denialReason}</Table.Th>
                  <Table.Th ta="end">{t.denialCount}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.map(({ feature, reason, count }) => (
                  <Table.Tr key={feature + reason}>
                    <Table.Td>{feature}</Table.Td>
                    <Table.Td>{reason}</Table.Td>
                    <Table.Td ta="end">{formats.number(count)}</Table.Td>
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
