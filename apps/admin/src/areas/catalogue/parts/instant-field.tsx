import { TextInput, type TextInputProps } from '@mantine/core';
import type { ReactNode } from 'react';

interface InstantFieldProps extends Omit<TextInputProps, 'value' | 'onChange' | 'type'> {
  /** ISO 8601 in UTC. */
  value: string | null;
  onChange: (instant: string | null) => void;
}

const MINUTE_MS = 60_000;
const LOCAL_LENGTH = 'YYYY-MM-DDTHH:mm'.length;

/** An instant in the time zone of the browser, or none. */
export function InstantField({ value, onChange, ...props }: InstantFieldProps): ReactNode {
  return (
    <TextInput
      {...props}
      type="datetime-local"
      value={value === null ? '' : toLocal(value)}
      onChange={({ currentTarget }) =>
        onChange(currentTarget.value ? new Date(currentTarget.value).toISOString() : null)
      }
    />
  );
}

function toLocal(instant: string): string {
  const date = new Date(instant);
  return new Date(date.getTime() - date.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, LOCAL_LENGTH);
}
