import { Group, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { bodyOf, Loaded, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Panel } from '../../shell/panel';
import { Screen } from '../../shell/screen';
import { api } from '../../shell/session';
import { InvoiceActions } from './invoice-actions';
import { InvoiceCreditNotes } from './invoice-credit-notes';
import { InvoiceDocument } from './invoice-document';
import type { Invoice } from './money-objects';
import { moneyTexts } from './money-texts';
import { PaymentTable } from './payment-table';
import { InvoiceBadge } from './status-badge';

/** One invoice: lines, state of collection, document, payments, credit notes. */
export function InvoicePage(): ReactNode {
  const t = useTexts(moneyTexts);
  const { id } = useParams({ from: '/invoices/$id' });
  const query = useQuery({
    queryKey: ['invoice', id],
    queryFn: () => bodyOf(api.GET('/v1/invoices/{id}', { params: { path: { id } } })),
  });
  return (
    <Loaded query={query} rows={8}>
      {(invoice) => (
        <Screen title={`${t.invoice} ${invoice.number ?? t.draft}`} actions={<InvoiceActions invoice={invoice} />}>
          <Collection invoice={invoice} />
          <Panel title={t.lines}>
            <Lines invoice={invoice} />
          </Panel>
          {invoice.number && (
            <Panel title={t.document}>
              <InvoiceDocument id={id} number={invoice.number} />
            </Panel>
          )}
          <Panel title={t.payments}>
            <PaymentTable filters={{ invoice: id }} />
          </Panel>
          <Panel title={t.creditNotes}>
            <InvoiceCreditNotes invoice={invoice} />
          </Panel>
        </Screen>
      )}
    </Loaded>
  );
}

/** Status and what happens next to an unpaid invoice. */
function Collection({ invoice }: { invoice: Invoice }): ReactNode {
  const t = useTexts(moneyTexts);
  const formats = useFormats();
  const { status, customer, buyer, attempts, nextAttemptAt, dueAt, paidAt, finalizeAt } = invoice;
  const facts = [
    buyer && `${t.billedTo}: ${buyer.name}`,
    finalizeAt && t.finalizes(formats.dateTime(finalizeAt)),
    dueAt && status !== 'void' && t.dueAt(formats.date(dueAt)),
    paidAt && t.paidAt(formats.dateTime(paidAt)),
    attempts > 0 && t.attempts(attempts),
    status === 'open' && (nextAttemptAt ? t.nextAttempt(formats.dateTime(nextAttemptAt)) : t.noNextAttempt),
  ].filter((fact) => typeof fact === 'string');
  return (
    <Group gap="md">
      <InvoiceBadge status={status} />
      <Text size="sm">
        {t.customer}: {customer}
      </Text>
      {facts.map((fact) => (
        <Text key={fact} size="sm">
          {fact}
        </Text>
      ))}
    </Group>
  );
}

function Lines({ invoice }: { invoice: Invoice }): ReactNode {
  const t = useTexts(moneyTexts);
  const formats = useFormats();
  const { currency } = invoice;
  const money = (amount: number): string => formats.money(amount, currency);
  const sums: [string, number][] = [
    [t.subtotal, invoice.subtotal],
    ...invoice.discounts.map(({ name, amount }): [string, number] => [t.discount(name), -amount]),
    ...invoice.taxes.map(({ name, percentage, inclusive, amount }): [string, number] => [
      `${t.tax(name, percentage)}${inclusive ? ` (${t.taxIncluded})` : ''}`,
      amount,
    ]),
    [t.total, invoice.total],
    ...(invoice.credited ? [[t.credited, -invoice.credited] as [string, number]] : []),
    ...(invoice.paid ? [[t.paid, -invoice.paid] as [string, number]] : []),
    [t.due, invoice.due],
  ];
  return (
    <Stack style={{ overflowX: 'auto' }} tabIndex={0} role="region" aria-label={t.lines}>
      <Table aria-label={t.lines}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t.description}</Table.Th>
            <Table.Th visibleFrom="sm">{t.period}</Table.Th>
            <Table.Th ta="end">{t.quantity}</Table.Th>
            <Table.Th ta="end">{t.amount}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {invoice.lines.map((line, index) => (
            <Table.Tr key={index}>
              <Table.Td>{line.description}</Table.Td>
              <Table.Td visibleFrom="sm">
                {formats.date(line.periodStart)} – {formats.date(line.periodEnd)}
              </Table.Td>
              <Table.Td ta="end">{formats.number(line.quantity)}</Table.Td>
              <Table.Td ta="end">{money(line.amount)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
        <Table.Tfoot>
          {sums.map(([label, amount]) => (
            <Table.Tr key={label}>
              <Table.Th>{label}</Table.Th>
              <Table.Td visibleFrom="sm" />
              <Table.Td />
              <Table.Td ta="end">{money(amount)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tfoot>
      </Table>
    </Stack>
  );
}
