import { Anchor } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { Link } from '@tanstack/react-router';
import { bodyOf, type Column, DataTable, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { api } from '../../shell/session';
import { moneyTexts } from './money-texts';
import type { InvoiceFilters } from './money-filters';
import { InvoiceBadge } from './status-badge';

type Invoice = components['schemas']['InvoiceDto'];

const PAGE_ROWS = 50;

/** Invoices of a product, or of one customer. */
export function InvoiceTable({ filters, product }: { filters: InvoiceFilters; product?: string }): ReactNode {
  const t = useTexts(moneyTexts);
  const formats = useFormats();
  const columns: Column<Invoice>[] = [
    {
      key: 'number',
      title: t.number,
      cell: ({ id, number }) => (
        <Anchor component={Link} to={`/invoices/${id}`}>
          {number ?? t.draft}
        </Anchor>
      ),
    },
    ...(filters.customer && !product
      ? []
      : [{ key: 'customer', title: t.customer, cell: ({ customer }: Invoice) => customer }]),
    { key: 'status', title: t.status, cell: ({ status }) => <InvoiceBadge status={status} /> },
    { key: 'total', title: t.total, numeric: true, cell: ({ total, currency }) => formats.money(total, currency) },
    { key: 'due', title: t.due, numeric: true, wide: true, cell: ({ due, currency }) => formats.money(due, currency) },
    { key: 'issued', title: t.issued, wide: true, cell: ({ issuedAt }) => issuedAt && formats.date(issuedAt) },
    {
      key: 'period',
      title: t.period,
      wide: true,
      cell: ({ periodStart, periodEnd }) => `${formats.date(periodStart)} – ${formats.date(periodEnd)}`,
    },
  ];
  return (
    <DataTable
      label={t.invoices}
      queryKey={['invoices', product, filters]}
      read={(cursor) =>
        bodyOf(api.GET('/v1/invoices', { params: { query: { ...filters, product, cursor, limit: PAGE_ROWS } } }))
      }
      columns={columns}
      rowKey={({ id }) => id}
      empty={{ title: t.noInvoices }}
    />
  );
}
