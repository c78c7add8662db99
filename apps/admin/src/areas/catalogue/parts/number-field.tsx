import { NumberInput, type NumberInputProps } from '@mantine/core';
import type { ReactNode } from 'react';

interface NumberFieldProps extends Omit<NumberInputProps, 'value' | 'onChange'> {
  value: number | null | undefined;
  /** undefined: the field is empty. */
  onChange: (value: number | undefined) => void;
}

/** A whole number of 0 or more, or nothing. */
export function NumberField({ value, onChange, ...props }: NumberFieldProps): ReactNode {
  return (
    <NumberInput
      min={0}
      allowDecimal={false}
      allowNegative={false}
      hideControls
      {...props}
      value={value ?? ''}
      onChange={(next) => onChange(typeof next === 'number' ? next : undefined)}
    />
  );
}
