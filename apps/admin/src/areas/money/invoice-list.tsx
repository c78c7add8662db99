import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { useProduct } from '../../shell/product';
import { Screen } from '../../shell/screen';
import { InvoiceTable } from './invoice-table';
import { MoneyFilterForm } from './money-filter-form';
import { moneyTexts } from './money-texts';

/** Invoices of the product. */
export function InvoiceList(): ReactNode {
  const t = useTexts(moneyTexts);
  const product = useProduct();
  const { status, customer } = useSearch({ from: '/invoices' });
  const navigate = useNavigate({ from: '/invoices' });
  return (
    <Screen title={t.invoices}>
      <MoneyFilterForm
        statuses={t.invoiceStatuses}
        filters={{ status, customer }}
        onChange={(change) => void navigate({ search: (now) => ({ ...now, ...change }), replace: true })}
      />
      {product && <InvoiceTable filters={{ status, customer }} product={product} />}
    </Screen>
  );
}
