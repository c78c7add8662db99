import { Group, Select, TextInput } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { useProduct } from '../../shell/product';
import { Screen } from '../../shell/screen';
import { InvoiceTable } from './invoice-table';
import { INVOICE_STATUSES } from './money-statuses';
import { moneyTexts } from './money-texts';
import type { InvoiceFilters } from './money-filters';

/** Invoices of the product. */
export function InvoiceList(): ReactNode {
  const t = useTexts(moneyTexts);
  const product = useProduct();
  const { status, customer } = useSearch({ from: '/invoices' });
  const navigate = useNavigate({ from: '/invoices' });
  const set = (change: InvoiceFilters): void =>
    void navigate({ search: (now) => ({ ...now, ...change }), replace: true });
  return (
    <Screen title={t.invoices}>
      <Group align="flex-end">
        <Select
          label={t.status}
          placeholder={t.any}
          data={INVOICE_STATUSES.map((value) => ({ value, label: t.invoiceStatuses[value] }))}
          value={status ?? null}
          onChange={(value) => set({ status: value ?? undefined })}
          clearable
        />
        <TextInput
          label={t.customer}
          defaultValue={customer ?? ''}
          onBlur={(event) => set({ customer: event.currentTarget.value || undefined })}
          onKeyDown={(event) => event.key === 'Enter' && set({ customer: event.currentTarget.value || undefined })}
        />
      </Group>
      {product && <InvoiceTable filters={{ status, customer }} product={product} />}
    </Screen>
  );
}
