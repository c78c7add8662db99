import { Stack, Title } from '@mantine/core';
import { bodyOf, type Column, DataTable, type Formats, useFormats, useTexts } from '@tollgate/web';
import type { components } from '@tollgate/schema';
import type { ReactNode } from 'react';
import { api } from '../../shell/session';
import { customerTexts } from './customer-texts';

type Customer = components['schemas']['CustomerDto'];

/** All customers that the role may read. */
export function CustomerList(): ReactNode {
  const t = useTexts(customerTexts);
  return (
    <Stack>
      <Title order={1} size="h2">
        {t.title}
      </Title>
      <DataTable
        label={t.title}
        queryKey={['customers']}
        read={(cursor) => bodyOf(api.GET('/v1/customers', { params: { query: { cursor, limit: 50 } } }))}
        columns={columns(t, useFormats())}
        rowKey={({ id }) => id}
        empty={{ title: t.empty }}
      />
    </Stack>
  );
}

const columns = (t: (typeof customerTexts)['en'], formats: Formats): Column<Customer>[] => [
  { key: 'key', title: t.key, cell: ({ key }) => key },
  { key: 'name', title: t.name, cell: ({ name }) => name },
  { key: 'email', title: t.email, wide: true, cell: ({ email }) => email },
  { key: 'created', title: t.created, wide: true, cell: ({ createdAt }) => formats.date(createdAt) },
];
