import { Anchor, Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { bodyOf, type Column, DataTable, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { useCan } from '../../shell/me';
import { api } from '../../shell/session';
import type { Payment } from './money-objects';
import { moneyTexts } from './money-texts';
import { RefundDialog } from './refund-dialog';
import type { PaymentFilters } from './money-filters';
import { PaymentBadge } from './status-badge';

const PAGE_ROWS = 50;

/** Payments of a product, of one customer, or of one invoice; each can be refunded. */
export function PaymentTable(props: { filters: PaymentFilters & { invoice?: string }; product?: string }): ReactNode {
  const { filters, product } = props;
  const t = useTexts(moneyTexts);
  const formats = useFormats();
  const can = useCan();
  const [refunded, setRefunded] = useState<Payment | null>(null);
  const columns: Column<Payment>[] = [
    { key: 'created', title: t.created, cell: ({ createdAt }) => formats.dateTime(createdAt) },
    ...(product ? [{ key: 'customer', title: t.customer, cell: ({ customer }: Payment) => customer }] : []),
    { key: 'status', title: t.status, cell: ({ status }) => <PaymentBadge status={status} /> },
    { key: 'amount', title: t.amount, numeric: true, cell: ({ amount, currency }) => formats.money(amount, currency) },
    {
      key: 'refunded',
      title: t.refunded,
      numeric: true,
      wide: true,
      cell: ({ refunded: back, currency }) => (back > 0 ? formats.money(back, currency) : ''),
    },
    { key: 'provider', title: t.provider, wide: true, cell: ({ provider }) => provider },
    { key: 'failure', title: t.failure, wide: true, cell: ({ failureCode }) => failureCode },
    {
      key: 'invoice',
      title: t.invoice,
      wide: true,
      cell: ({ invoice }) => (
        <Anchor component={Link} to={`/invoices/${invoice}`}>
          {t.invoice}
        </Anchor>
      ),
    },
    {
      key: 'actions',
      title: t.actions,
      cell: (payment) =>
        can('refundPayment') &&
        refundable(payment) > 0 && (
          <Button size="compact-xs" variant="default" onClick={() => setRefunded(payment)}>
            {t.refund}
          </Button>
        ),
    },
  ];
  return (
    <>
      <DataTable
        label={t.payments}
        queryKey={['payments', product, filters]}
        read={(cursor) =>
          bodyOf(api.GET('/v1/payments', { params: { query: { ...filters, product, cursor, limit: PAGE_ROWS } } }))
        }
        columns={columns}
        rowKey={({ id }) => id}
        empty={{ title: t.noPayments }}
      />
      {refunded && <RefundDialog payment={refunded} most={refundable(refunded)} onClose={() => setRefunded(null)} />}
    </>
  );
}

/** Part of a payment that was not refunded yet, in minor units. */
function refundable({ status, amount, refunded }: Payment): number {
  return status === 'succeeded' || status === 'partially_refunded' ? amount - refunded : 0;
}
