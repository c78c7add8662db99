import { useSearch } from '@tanstack/react-router';
import { bodyOf, type Column, DataTable, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { AnchorLink } from '../../shell/anchor-link';
import { Screen } from '../../shell/screen';
import { api } from '../../shell/session';
import { CustomerFilterForm } from './customer-filter-form';
import type { Customer } from './customer-reads';
import { customerTexts } from './customer-texts';
import type { CustomerFilters } from './customer-search';

const PAGE_ROWS = 50;

/** Query of the API for the filters of the URL. Dates begin at midnight UTC. */
const queryOf = ({ from, to, ...filters }: CustomerFilters) => ({
  ...filters,
  from: from && `${from}T00:00:00Z`,
  to: to && `${to}T00:00:00Z`,
});

/** Customers that the role may read. */
export function CustomerList(): ReactNode {
  const t = useTexts(customerTexts);
  const formats = useFormats();
  const filters = useSearch({ from: '/customers' });
  const columns: Column<Customer>[] = [
    {
      key: 'key',
      title: t.key,
      cell: ({ key }) => (
        <AnchorLink size="sm" c="var(--mantine-color-text)" underline="always" to="/customers/$key" params={{ key }}>
          {key}
        </AnchorLink>
      ),
    },
    { key: 'name', title: t.name, cell: ({ name }) => name },
    { key: 'email', title: t.email, wide: true, cell: ({ email }) => email },
    { key: 'region', title: t.region, wide: true, cell: ({ region }) => region },
    { key: 'created', title: t.created, wide: true, cell: ({ createdAt }) => formats.date(createdAt) },
  ];
  return (
    <Screen title={t.title}>
      <CustomerFilterForm filters={filters} />
      <DataTable
        label={t.title}
        queryKey={['customers', filters]}
        read={(cursor) =>
          bodyOf(api.GET('/v1/customers', { params: { query: { ...queryOf(filters), cursor, limit: PAGE_ROWS } } }))
        }
        columns={columns}
        rowKey={({ id }) => id}
        empty={{ title: t.empty, hint: t.emptyHint }}
      />
    </Screen>
  );
}
