import { Button, Group } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { catalogueTexts } from '../catalogue-texts';

interface RowActionsProps {
  /** Name of the row, for the names of its buttons. */
  name: string;
  edit?: () => void;
  archive?: () => void;
}

/** Buttons of a row of a list. */
export function RowActions({ name, edit, archive }: RowActionsProps): ReactNode {
  const t = useTexts(catalogueTexts);
  return (
    <Group gap={4} wrap="nowrap" justify="flex-end">
      {edit && (
        <Button size="compact-sm" variant="default" onClick={edit} aria-label={t.editOne(name)}>
          {t.edit}
        </Button>
      )}
      {archive && (
        <Button size="compact-sm" variant="default" onClick={archive} aria-label={t.archiveOne(name)}>
          {t.archive}
        </Button>
      )}
    </Group>
  );
}
