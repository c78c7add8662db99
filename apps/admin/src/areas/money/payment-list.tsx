import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { useProduct } from '../../shell/product';
import { Screen } from '../../shell/screen';
import { MoneyFilterForm } from './money-filter-form';
import { moneyTexts } from './money-texts';
import { PaymentTable } from './payment-table';

/** Payments of the product. */
export function PaymentList(): ReactNode {
  const t = useTexts(moneyTexts);
  const product = useProduct();
  const { status, customer } = useSearch({ from: '/payments' });
  const navigate = useNavigate({ from: '/payments' });
  return (
    <Screen title={t.payments}>
      <MoneyFilterForm
        statuses={t.paymentStatuses}
        filters={{ status, customer }}
        onChange={(change) => void navigate({ search: (now) => ({ ...now, ...change }), replace: true })}
      />
      {product && <PaymentTable filters={{ status, customer }} product={product} />}
    </Screen>
  );
}
