import { Checkbox, NumberInput, Select, Switch, TextInput } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { termTexts } from '../../catalogue/terms/term-texts';
import type { Feature } from '../customer-reads';
import { allowanceTexts } from './allowance-texts';
import type { OverrideTerms } from './override-terms';

interface FieldsProps {
  terms: OverrideTerms;
  onChange: (terms: OverrideTerms) => void;
  errors: Record<string, string>;
}

const WINDOWS = ['billing_period', 'none', 'hour', 'day', 'week', 'month', 'quarter', 'year'] as const;
const OVERAGES = ['deny', 'allow', 'cap'] as const;

/** Fields of the terms of a feature, by its type; members without a field stay as they are. */
const FIELDS: Record<Feature['type'], (props: FieldsProps) => ReactNode> = {
  metered: MeteredFields,
  credit: CreditFields,
  boolean: BooleanField,
  static: StaticField,
};

export function TermFields({ type, ...props }: FieldsProps & { type: Feature['type'] }): ReactNode {
  const Fields = FIELDS[type];
  return <Fields {...props} />;
}

function MeteredFields({ terms, onChange, errors }: FieldsProps): ReactNode {
  const t = useTexts(allowanceTexts);
  const { windows, overages, window: windowLabel, beyond, limit, unlimited } = useTexts(termTexts);
  const put = (changed: OverrideTerms): void => onChange({ ...terms, ...changed });
  return (
    <>
      <Checkbox
        label={unlimited}
        checked={terms.limit === null}
        onChange={({ currentTarget }) => put({ limit: currentTarget.checked ? null : 0 })}
      />
      {terms.limit !== null && (
        <NumberInput
          label={limit}
          description={t.limitHint}
          required
          min={0}
          allowDecimal={false}
          value={terms.limit ?? ''}
          onChange={(value) => put({ limit: Number(value) })}
          error={errors['limit']}
        />
      )}
      <Select
        label={windowLabel}
        data={WINDOWS.map((value) => ({ value, label: windows[value] }))}
        value={terms.window ?? 'billing_period'}
        onChange={(value) => put({ window: WINDOWS.find((one) => one === value) })}
        allowDeselect={false}
        error={errors['window']}
      />
      <Select
        label={beyond}
        data={OVERAGES.map((value) => ({ value, label: overages[value] }))}
        value={terms.overage ?? 'deny'}
        onChange={(value) => put({ overage: OVERAGES.find((one) => one === value) })}
        allowDeselect={false}
        error={errors['overage']}
      />
    </>
  );
}

function CreditFields({ terms, onChange, errors }: FieldsProps): ReactNode {
  const t = useTexts(allowanceTexts);
  const { windows, window: windowLabel } = useTexts(termTexts);
  const grant = terms.grant ?? { quantity: 0, every: 'month' as const };
  const every = WINDOWS.filter((one) => one !== 'none');
  const put = (changed: Partial<typeof grant>): void => onChange({ ...terms, grant: { ...grant, ...changed } });
  return (
    <>
      <NumberInput
        label={t.units}
        required
        min={0}
        allowDecimal={false}
        value={terms.grant?.quantity ?? ''}
        onChange={(value) => put({ quantity: Number(value) })}
        error={errors['grant.quantity']}
      />
      <Select
        label={windowLabel}
        data={every.map((value) => ({ value, label: windows[value] }))}
        value={grant.every}
        onChange={(value) => put({ every: every.find((one) => one === value) ?? grant.every })}
        allowDeselect={false}
        error={errors['grant.every']}
      />
    </>
  );
}

function BooleanField({ terms, onChange, errors }: FieldsProps): ReactNode {
  const { switches } = useTexts(termTexts);
  return (
    <Switch
      label={terms.value === true ? switches.on : switches.off}
      checked={terms.value === true}
      onChange={({ currentTarget }) => onChange({ value: currentTarget.checked })}
      error={errors['value']}
    />
  );
}

function StaticField({ terms, onChange, errors }: FieldsProps): ReactNode {
  const { value: label } = useTexts(termTexts);
  return (
    <TextInput
      label={label}
      required
      value={String(terms.value ?? '')}
      onChange={({ currentTarget }) => onChange({ value: currentTarget.value })}
      error={errors['value']}
    />
  );
}
