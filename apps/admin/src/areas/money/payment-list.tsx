import { Group, Select, TextInput } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { useProduct } from '../../shell/product';
import { Screen } from '../../shell/screen';
import { PAYMENT_STATUSES } from './money-statuses';
import { moneyTexts } from './money-texts';
import { PaymentTable } from './payment-table';
import type { PaymentFilters } from './money-filters';

/** Payments of the product. */
export function PaymentList(): ReactNode {
  const t = useTexts(moneyTexts);
  const product = useProduct();
  const { status, customer } = useSearch({ from: '/payments' });
  const navigate = useNavigate({ from: '/payments' });
  const set = (change: PaymentFilters): void =>
    void navigate({ search: (now) => ({ ...now, ...change }), replace: true });
  return (
    <Screen title={t.payments}>
      <Group align="flex-end">
        <Select
          label={t.status}
          placeholder={t.any}
          data={PAYMENT_STATUSES.map((value) => ({ value, label: t.paymentStatuses[value] }))}
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
      {product && <PaymentTable filters={{ status, customer }} product={product} />}
    </Screen>
  );
}
