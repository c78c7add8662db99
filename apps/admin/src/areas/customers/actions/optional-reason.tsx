import { TextInput } from '@mantine/core';
import { commonTexts, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';

interface OptionalReasonProps {
  value: string;
  onChange: (value: string) => void;
  error?: string;
}

/** Why a command is run, where the API does not require it. */
export function OptionalReason({ value, onChange, error }: OptionalReasonProps): ReactNode {
  const t = useTexts(commonTexts);
  return (
    <TextInput
      label={t.reason}
      description={t.reasonHint}
      maxLength={500}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
      error={error}
    />
  );
}
