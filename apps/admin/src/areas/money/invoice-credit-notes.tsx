import { bodyOf, type Column, commonTexts, DataTable, useFormats, useTexts } from '@tollgate/web';
import type { components } from '@tollgate/schema';
import type { ReactNode } from 'react';
import { api } from '../../shell/session';
import type { Invoice } from './money-objects';
import { moneyTexts } from './money-texts';

type CreditNote = components['schemas']['CreditNoteDto'];

/** Credit notes of an invoice. */
export function InvoiceCreditNotes({ invoice: { id } }: { invoice: Invoice }): ReactNode {
  const t = useTexts(moneyTexts);
  const { reason: reasonTitle } = useTexts(commonTexts);
  const formats = useFormats();
  const columns: Column<CreditNote>[] = [
    { key: 'number', title: t.number, cell: ({ number }) => number },
    { key: 'issued', title: t.issued, cell: ({ issuedAt }) => formats.date(issuedAt) },
    { key: 'reason', title: reasonTitle, wide: true, cell: ({ reason }) => reason },
    { key: 'total', title: t.total, numeric: true, cell: ({ total, currency }) => formats.money(total, currency) },
  ];
  return (
    <DataTable
      label={t.creditNotes}
      queryKey={['credit-notes', id]}
      read={(cursor) =>
        bodyOf(api.GET('/v1/invoices/{id}/credit-notes', { params: { path: { id }, query: { cursor } } }))
      }
      columns={columns}
      rowKey={({ id: note }) => note}
      empty={{ title: t.noCreditNotes }}
    />
  );
}
