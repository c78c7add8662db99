import { NumberInput } from '@mantine/core';
import type { ReactNode } from 'react';

/** Input of an amount of money in major units; the value is in minor units, as the API has it. */
export function AmountInput(props: {
  label: string;
  description?: string;
  currency: string;
  /** Minor units. */
  value: number;
  /** Minor units. */
  max: number;
  onChange: (minor: number) => void;
}): ReactNode {
  const { maximumFractionDigits: digits = 2 } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency: props.currency,
  }).resolvedOptions();
  const minorPerMajor = 10 ** digits;
  return (
    <NumberInput
      label={props.label}
      description={props.description}
      value={props.value / minorPerMajor}
      onChange={(major) => props.onChange(Math.round(Number(major) * minorPerMajor))}
      min={1 / minorPerMajor}
      max={props.max / minorPerMajor}
      decimalScale={digits}
      fixedDecimalScale
      suffix={` ${props.currency}`}
      required
    />
  );
}
