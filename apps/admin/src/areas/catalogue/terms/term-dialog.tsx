import { Button, Group, Modal, Stack } from '@mantine/core';
import { commonTexts, useTexts } from '@tollgate/web';
import type { FormEvent, ReactNode } from 'react';
import { termTexts } from './term-texts';

interface TermDialogProps {
  title: string;
  onClose: () => void;
  /** Puts the edited value into the draft; nothing is sent yet. */
  apply: () => void;
  disabled?: boolean;
  children: ReactNode;
}

/** A dialog that edits one entitlement or price of a draft in memory. */
export function TermDialog({ title, onClose, apply, disabled, children }: TermDialogProps): ReactNode {
  const t = useTexts(termTexts);
  const common = useTexts(commonTexts);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    // The dialog belongs to the form of the draft, which is sent apart.
    event.stopPropagation();
    apply();
    onClose();
  };
  return (
    <Modal opened onClose={onClose} title={title} size="xl" closeButtonProps={{ 'aria-label': common.close }}>
      <form onSubmit={submit}>
        <Stack>
          {children}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" disabled={disabled}>
              {t.apply}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
