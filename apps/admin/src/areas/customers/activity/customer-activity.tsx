import { Code } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { bodyOf, type Column, DataTable, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Panel } from '../../../shell/panel';
import { api } from '../../../shell/session';
import { customerKey } from '../customer-reads';
import { activityTexts } from './activity-texts';

type Entry = components['schemas']['AuditEntryDto'];

const PAGE_ROWS = 50;

/** Events of the customer on all products that the role may read, with their actors and reasons. */
export function CustomerActivity({ customer }: { customer: string }): ReactNode {
  const t = useTexts(activityTexts);
  const formats = useFormats();
  const columns: Column<Entry>[] = [
    { key: 'at', title: t.at, cell: ({ at }) => formats.dateTime(at) },
    { key: 'type', title: t.type, cell: ({ type }) => <Code>{type}</Code> },
    { key: 'actor', title: t.actor, wide: true, cell: ({ actor }) => actor.name ?? t.actors[actor.kind] },
    { key: 'product', title: t.product, wide: true, cell: ({ product }) => product },
    { key: 'reason', title: t.reason, cell: ({ reason }) => reason },
  ];
  return (
    <Panel title={t.title} hint={t.hint}>
      <DataTable
        label={t.eventsOf(customer)}
        queryKey={[...customerKey(customer), 'activity']}
        read={(cursor) =>
          bodyOf(api.GET('/v1/audit-log', { params: { query: { customer, cursor, limit: PAGE_ROWS } } }))
        }
        columns={columns}
        rowKey={({ id }) => id}
        empty={{ title: t.empty }}
      />
    </Panel>
  );
}
