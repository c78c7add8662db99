import { TextInput } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { catalogueTexts } from '../catalogue-texts';

interface NameAndKeyProps {
  value: { name: string; key: string };
  /** The key of an object that exists never changes. */
  exists: boolean;
  set: (change: { name?: string; key?: string }) => void;
  errors: Record<string, string>;
}

/** Name of an object of the catalogue, and the key of a new one. */
export function NameAndKey({ value, exists, set, errors }: NameAndKeyProps): ReactNode {
  const t = useTexts(catalogueTexts);
  return (
    <>
      <TextInput
        label={t.name}
        required
        value={value.name}
        onChange={({ currentTarget }) => set({ name: currentTarget.value })}
        error={errors.name}
      />
      {!exists && (
        <TextInput
          label={t.key}
          description={t.keyHint}
          required
          value={value.key}
          onChange={({ currentTarget }) => set({ key: currentTarget.value })}
          error={errors.key}
        />
      )}
    </>
  );
}
