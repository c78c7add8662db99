import { Group, Select, TextInput } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { moneyTexts } from './money-texts';

interface Filters<Status> {
  status?: Status;
  customer?: string;
}

/** Filters of a list of invoices or payments: a status, and a customer by its key. */
export function MoneyFilterForm<Status extends string>(props: {
  /** Names of the statuses. */
  statuses: Record<Status, string>;
  filters: Filters<Status>;
  onChange: (change: Filters<Status>) => void;
}): ReactNode {
  const { statuses, filters, onChange } = props;
  const t = useTexts(moneyTexts);
  const names = Object.entries(statuses) as [Status, string][];
  const setCustomer = ({ value }: HTMLInputElement): void => onChange({ customer: value || undefined });
  return (
    <Group align="flex-end">
      <Select
        label={t.status}
        placeholder={t.any}
        data={names.map(([value, label]) => ({ value, label }))}
        value={filters.status ?? null}
        onChange={(status) => onChange({ status: status ?? undefined })}
        clearable
      />
      <TextInput
        label={t.customer}
        defaultValue={filters.customer ?? ''}
        onBlur={(event) => setCustomer(event.currentTarget)}
        onKeyDown={(event) => event.key === 'Enter' && setCustomer(event.currentTarget)}
      />
    </Group>
  );
}
