import { Select, type SelectProps } from '@mantine/core';
import type { ReactNode } from 'react';

interface ChoiceProps<Value extends string> extends Omit<SelectProps, 'data' | 'value' | 'onChange'> {
  /** Name of each value, in the order of the list. */
  options: Record<Value, string>;
  value: Value;
  onChange: (value: Value) => void;
}

/** One of a few values; there is always one. */
export function Choice<Value extends string>({ options, value, onChange, ...props }: ChoiceProps<Value>): ReactNode {
  const data = Object.entries<string>(options).map(([key, label]) => ({ value: key, label }));
  return (
    <Select
      {...props}
      data={data}
      value={value}
      allowDeselect={false}
      onChange={(chosen) => chosen && onChange(chosen as Value)}
    />
  );
}
