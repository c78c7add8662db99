import { Button, Group, Modal, Stack } from '@mantine/core';
import { commonTexts, useTexts } from '@tollgate/web';
import type { FormEvent, ReactNode } from 'react';
import { fieldErrorsOf, type SaveOptions, useSave } from './save';
import { SaveProblem } from './save-problem';

interface EditDialogProps<Result> extends Omit<SaveOptions<void, Result>, 'save' | 'onSaved'> {
  title: string;
  save: (idempotencyKey: string) => Promise<Result>;
  onClose: () => void;
  /** The next step instead of closing the dialog. */
  onSaved?: (result: Result) => void;
  /** Names of the fields that show their message themselves. */
  fields?: readonly string[];
  submit?: string;
  danger?: boolean;
  /** Replaces what the dialog shows by the present state, after another user changed it. */
  reload?: () => void;
  children: (errors: Record<string, string>) => ReactNode;
}

/** A dialog with a form; it stays open while the request is refused. */
export function EditDialog<Result>(props: EditDialogProps<Result>): ReactNode {
  const common = useTexts(commonTexts);
  const mutation = useSave<void, Result>({
    save: (_, key) => props.save(key),
    invalidates: props.invalidates,
    saved: props.saved,
    onSaved: props.onSaved ?? props.onClose,
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    // A dialog may be opened from another form.
    event.stopPropagation();
    mutation.mutate();
  };
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      size="lg"
      closeButtonProps={{ 'aria-label': common.close }}
    >
      <form onSubmit={submit}>
        <Stack>
          {props.children(fieldErrorsOf(mutation.error))}
          <SaveProblem
            error={mutation.error}
            shown={(field) => (props.fields ?? []).includes(field)}
            reload={props.reload}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={props.onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" loading={mutation.isPending} color={props.danger ? 'red' : undefined}>
              {props.submit ?? common.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
