import { type NumberInputProps, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { NumberField } from './number-field';

const CURRENCY = /^[A-Z]{3}$/;

/** Digits after the decimal point of a currency; 2 while its code is incomplete. */
const digitsOf = (currency: string): number =>
  CURRENCY.test(currency)
    ? (new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2)
    : 2;

interface MoneyFieldProps extends Omit<NumberInputProps, 'value' | 'onChange'> {
  currency: string;
  /** Minor units, as the API has them. */
  value: number | null | undefined;
  onChange: (minor: number | undefined) => void;
}

/** An amount in the form that people write: 29.99 for 2999 minor units of USD. */
export function MoneyField({ currency, value, onChange, ...props }: MoneyFieldProps): ReactNode {
  const digits = digitsOf(currency);
  const scale = 10 ** digits;
  return (
    <NumberField
      allowDecimal
      decimalScale={digits}
      rightSection={<Text size="xs">{currency}</Text>}
      rightSectionWidth={44}
      {...props}
      value={value === null || value === undefined ? value : value / scale}
      onChange={(amount) => onChange(amount === undefined ? undefined : Math.round(amount * scale))}
    />
  );
}
