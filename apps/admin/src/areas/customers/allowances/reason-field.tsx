import { Textarea } from '@mantine/core';
import { commonTexts, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';

const MAX_LENGTH = 500;

interface ReasonFieldProps {
  value: string;
  onChange: (value: string) => void;
  error?: string;
}

/** Why a command is run. */
export function ReasonField({ value, onChange, error }: ReasonFieldProps): ReactNode {
  const t = useTexts(commonTexts);
  return (
    <Textarea
      label={t.reason}
      description={t.reasonHint}
      required
      maxLength={MAX_LENGTH}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
      error={error}
    />
  );
}
