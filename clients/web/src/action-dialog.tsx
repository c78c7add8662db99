import { Button, Group, Modal, Stack } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { commonTexts } from './common-texts';
import { ErrorState } from './states';
import { useTexts } from './texts';

interface ActionDialogProps<Result> {
  title: string;
  /** Text of the button that runs the action. */
  confirm: string;
  /** Text of the button that changes nothing; "Cancel" by default. */
  dismiss?: string;
  opened: boolean;
  onClose: () => void;
  /** Sends the command. An error stays in the dialog, which keeps the input. */
  run: () => Promise<Result>;
  /** Text of the notification after a success. */
  done?: string;
  /** Reads that the command changes. */
  invalidates?: QueryKey[];
  /** Called after a success; by default the dialog closes. */
  onDone?: (result: Result) => void;
  dangerous?: boolean;
  disabled?: boolean;
  size?: string;
  children?: ReactNode;
}

/** A form in a dialog that says the effect of a command and runs it. */
export function ActionDialog<Result>(props: ActionDialogProps<Result>): ReactNode {
  const t = useTexts(commonTexts);
  const queries = useQueryClient();
  useFocusReturn();
  const command = useMutation({
    mutationFn: props.run,
    onSuccess: async (result) => {
      if (props.done)
        notifications.show({ message: props.done, color: 'teal', closeButtonProps: { 'aria-label': t.close } });
      if (props.onDone) props.onDone(result);
      else close();
      await Promise.all((props.invalidates ?? []).map((queryKey) => queries.invalidateQueries({ queryKey })));
    },
  });
  const close = (): void => {
    command.reset();
    props.onClose();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    command.mutate();
  };
  return (
    <Modal
      opened={props.opened}
      onClose={close}
      title={props.title}
      size={props.size}
      closeButtonProps={{ 'aria-label': t.close }}
    >
      <form onSubmit={submit}>
        <Stack>
          {props.children}
          {command.isError && <ErrorState error={command.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {props.dismiss ?? t.cancel}
            </Button>
            <Button
              type="submit"
              color={props.dangerous ? 'red' : undefined}
              loading={command.isPending}
              disabled={props.disabled}
            >
              {props.confirm}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/**
 * Returns the focus when a dialog is unmounted while it is open: the modal itself returns it only when `opened` becomes
 * false.
 */
function useFocusReturn(): void {
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      const isLost = document.activeElement === document.body;
      if (isLost && before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    },
    [before],
  );
}
