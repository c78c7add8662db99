import { Button, Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { bodyOf, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { useProduct } from '../../shell/product';
import { api } from '../../shell/session';
import { customerTexts } from './customer-texts';
import { type CustomerFilters, STATUSES } from './customer-search';

const TYPING_MS = 250;
const MAX_PLANS = 100;

/** Filters of the customer list; each of them changes the URL. */
export function CustomerFilterForm({ filters }: { filters: CustomerFilters & { product?: string } }): ReactNode {
  const t = useTexts(customerTexts);
  const navigate = useNavigate({ from: '/customers' });
  const [text, setText] = useState(filters.q ?? '');
  const put = (changed: CustomerFilters): void =>
    void navigate({ search: (now) => ({ ...now, ...changed }), replace: true });
  const find = useDebouncedCallback((q: string) => put({ q: q || undefined }), TYPING_MS);
  const plans = usePlans();
  const isFiltered = Object.entries(filters).some(([name, value]) => name !== 'product' && value !== undefined);
  const removeAll = (): void => {
    setText('');
    void navigate({ search: ({ product }) => ({ product }), replace: true });
  };
  return (
    <Group align="end" gap="sm">
      <TextInput
        label={t.search}
        type="search"
        w={180}
        value={text}
        onChange={({ currentTarget }) => {
          setText(currentTarget.value);
          find(currentTarget.value);
        }}
      />
      <Select
        label={t.status}
        placeholder={t.any}
        data={STATUSES.map((value) => ({ value, label: t.statuses[value] }))}
        value={filters.status ?? null}
        onChange={(status) => put({ status: STATUSES.find((one) => one === status) })}
        clearable
        w={140}
      />
      <Select
        label={t.plan}
        placeholder={t.any}
        data={plans}
        value={filters.plan ?? null}
        onChange={(plan) => put({ plan: plan ?? undefined })}
        clearable
        searchable
        w={150}
      />
      <DateFilter label={t.from} value={filters.from} onChange={(from) => put({ from })} />
      <DateFilter label={t.to} value={filters.to} onChange={(to) => put({ to })} />
      <Select
        label={t.order}
        data={(['newest', 'oldest'] as const).map((value) => ({ value, label: t.orders[value] }))}
        value={filters.order ?? 'newest'}
        onChange={(order) => put({ order: order === 'oldest' ? 'oldest' : undefined })}
        allowDeselect={false}
        w={140}
      />
      {isFiltered && (
        <Button variant="default" onClick={removeAll}>
          {t.reset}
        </Button>
      )}
    </Group>
  );
}

interface DateFilterProps {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

function DateFilter({ label, value, onChange }: DateFilterProps): ReactNode {
  return (
    <TextInput
      type="date"
      label={label}
      value={value ?? ''}
      onChange={({ currentTarget }) => onChange(currentTarget.value || undefined)}
    />
  );
}

/** Keys of the plans of the chosen product. */
function usePlans(): string[] {
  const product = useProduct();
  const { data } = useQuery({
    queryKey: ['plans', product, 'keys'],
    queryFn: () => bodyOf(api.GET('/v1/plans', { params: { query: { product, limit: MAX_PLANS } } })),
    enabled: product !== undefined,
  });
  return [...new Set(data?.data.map(({ key }) => key))];
}
