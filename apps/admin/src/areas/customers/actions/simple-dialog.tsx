import { Text } from '@mantine/core';
import { bodyOf, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../../shell/action-dialog';
import { api } from '../../../shell/session';
import { actionTexts } from './action-texts';
import { OptionalReason } from './optional-reason';
import { type CommandDialogProps, readsOf, useCommandParams } from './use-command';

type SimpleCommand = 'resume' | 'pause' | 'unpause';

/** A command without fields but the reason. */
export function SimpleDialog(props: CommandDialogProps & { command: SimpleCommand }): ReactNode {
  const { command, subscription, onClose } = props;
  const t = useTexts(actionTexts);
  const params = useCommandParams(subscription);
  const [reason, setReason] = useState('');
  const body = { reason: reason || undefined };
  const routes: Record<SimpleCommand, () => Promise<unknown>> = {
    resume: () => bodyOf(api.POST('/v1/subscriptions/{id}/resume', { params, body })),
    pause: () => bodyOf(api.POST('/v1/subscriptions/{id}/pause', { params, body })),
    unpause: () => bodyOf(api.POST('/v1/subscriptions/{id}/unpause', { params, body })),
  };
  return (
    <ActionDialog
      opened
      title={t.commands[command]}
      confirm={t.commands[command]}
      dismiss={t.keep}
      done={t.done[command]}
      invalidates={readsOf(subscription.customer)}
      onClose={onClose}
      run={routes[command]}
    >
      <Text size="sm">{t.effects[command]}</Text>
      <OptionalReason value={reason} onChange={setReason} />
    </ActionDialog>
  );
}
