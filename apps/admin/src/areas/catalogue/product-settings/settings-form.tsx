import { Button, Fieldset, Group, Stack } from '@mantine/core';
import type { QueryKey } from '@tanstack/react-query';
import { commonTexts, useTexts } from '@tollgate/web';
import type { FormEvent, ReactNode } from 'react';
import { useMayEdit } from '../parts/access';
import { fieldErrorsOf, useSave } from '../parts/save';
import { SaveProblem } from '../parts/save-problem';
import { settingsTexts } from './settings-texts';

interface SettingsFormProps {
  save: () => Promise<unknown>;
  invalidates: QueryKey;
  /** True for fields that show their message themselves. */
  shown: (field: string) => boolean;
  /** Further buttons. */
  actions?: ReactNode;
  children: (errors: Record<string, string>) => ReactNode;
}

/** Settings of the product: a form for those who may change them, and its values for others. */
export function SettingsForm({ save, invalidates, shown, actions, children }: SettingsFormProps): ReactNode {
  const t = useTexts(settingsTexts);
  const common = useTexts(commonTexts);
  const mayEdit = useMayEdit();
  const mutation = useSave<void, unknown>({ save, invalidates, saved: t.saved });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    mutation.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Fieldset variant="unstyled" disabled={!mayEdit}>
        <Stack>
          {children(fieldErrorsOf(mutation.error))}
          <SaveProblem error={mutation.error} shown={shown} />
          {mayEdit && (
            <Group justify="flex-end">
              {actions}
              <Button type="submit" loading={mutation.isPending}>
                {common.save}
              </Button>
            </Group>
          )}
        </Stack>
      </Fieldset>
    </form>
  );
}
