import { Badge, Button, Group, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { bodyOf, type Column, DataTable, ErrorState, saveFile, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { useVisit } from '../session/visit';
import { Page } from '../shell/page';
import type { Invoice } from '../shell/reads';
import { moneyTexts } from './money-texts';
import { PayDialog } from './pay-dialog';

const COLORS: Record<Invoice['status'], string> = {
  draft: 'gray',
  open: 'orange',
  paid: 'teal',
  void: 'gray',
  uncollectible: 'red',
};

/** Invoices of the customer, with their PDFs and the payment of open ones. */
export function Invoices(): ReactNode {
  const t = useTexts(moneyTexts);
  const { api, product } = useVisit();
  const [paying, setPaying] = useState<Invoice | null>(null);
  const columns = useColumns(setPaying);
  return (
    <Page title={t.invoices}>
      <DataTable
        label={t.invoices}
        queryKey={['invoices', product]}
        read={(cursor) => bodyOf(api.GET('/v1/invoices', { params: { query: { customer: 'me', product, cursor } } }))}
        columns={columns}
        rowKey={({ id }) => id}
        empty={{ title: t.noInvoices }}
      />
      {paying && <PayDialog invoice={paying} onClose={() => setPaying(null)} />}
    </Page>
  );
}

function useColumns(onPay: (invoice: Invoice) => void): Column<Invoice>[] {
  const t = useTexts(moneyTexts);
  const { date, money } = useFormats();
  return [
    {
      key: 'number',
      title: t.number,
      cell: ({ number, issuedAt, billedAt }) => (
        <>
          <Text size="sm">{number ?? '–'}</Text>
          <Text size="sm">{date(issuedAt ?? billedAt)}</Text>
        </>
      ),
    },
    {
      key: 'amount',
      title: t.amount,
      numeric: true,
      cell: ({ total, currency }) => money(total, currency),
    },
    {
      key: 'status',
      title: t.status,
      cell: ({ status, dueAt }) => (
        <>
          <Badge variant="dot" color={COLORS[status]} miw="max-content">
            {t.statuses[status]}
          </Badge>
          {status === 'open' && dueAt && <Text size="sm">{t.dueOn(date(dueAt))}</Text>}
        </>
      ),
    },
    {
      key: 'actions',
      title: t.actions,
      cell: (invoice) => (
        <Group gap="xs" wrap="nowrap">
          {invoice.status === 'open' && (
            <Button size="xs" onClick={() => onPay(invoice)}>
              {t.pay}
            </Button>
          )}
          {invoice.number && invoice.status !== 'draft' && <Download id={invoice.id} number={invoice.number} />}
        </Group>
      ),
    },
  ];
}

function Download({ id, number }: { id: string; number: string }): ReactNode {
  const t = useTexts(moneyTexts);
  const { api } = useVisit();
  const download = useMutation({
    mutationFn: async () => {
      const content = await bodyOf(api.GET('/v1/invoices/{id}.pdf', { params: { path: { id } }, parseAs: 'blob' }));
      saveFile(content, `${number}.pdf`);
    },
  });
  return (
    <>
      <Button
        size="xs"
        variant="default"
        loading={download.isPending}
        onClick={() => download.mutate()}
        aria-label={t.downloadOf(number)}
      >
        {t.download}
      </Button>
      {download.isError && <ErrorState error={download.error} />}
    </>
  );
}
