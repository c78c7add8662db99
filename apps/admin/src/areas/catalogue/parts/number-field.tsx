import { NumberInput, type NumberInputProps } from '@mantine/core';
import { type ReactNode, useState } from 'react';

interface NumberFieldProps extends Omit<NumberInputProps, 'value' | 'onChange'> {
  value: number | null | undefined;
  /** undefined: the field is empty. */
  onChange: (value: number | undefined) => void;
}

/** A whole number of 0 or more, or nothing. */
export function NumberField({ value, onChange, ...props }: NumberFieldProps): ReactNode {
  // As typed: "10." is not a number yet.
  const [text, setText] = useState<number | string>(value ?? '');
  const isCurrent = numberOf(text) === (value ?? undefined);
  return (
    <NumberInput
      min={0}
      allowDecimal={false}
      allowNegative={false}
      hideControls
      {...props}
      value={isCurrent ? text : (value ?? '')}
      onChange={(next) => {
        setText(next);
        onChange(numberOf(next));
      }}
    />
  );
}

function numberOf(text: number | string): number | undefined {
  const number = text === '' ? NaN : Number(text);
  return Number.isNaN(number) ? undefined : number;
}
