import { Text, TextInput } from '@mantine/core';
import { bodyOf, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../../shell/action-dialog';
import { api } from '../../../shell/session';
import { toInstant, toLocal } from '../allowances/instants';
import { ReasonField } from '../allowances/reason-field';
import { useFieldErrors } from '../allowances/use-field-errors';
import { actionTexts } from './action-texts';
import { type CommandDialogProps, readsOf, useCommandParams } from './use-command';

/** Moves the end of the current period to a later instant, without a charge. */
export function ExtendDialog({ subscription, onClose }: CommandDialogProps): ReactNode {
  const t = useTexts(actionTexts);
  const formats = useFormats();
  const params = useCommandParams(subscription);
  const end = subscription.currentPeriodEnd ?? '';
  const [to, setTo] = useState(toLocal(end));
  const [reason, setReason] = useState('');
  const [errors, watch] = useFieldErrors();
  const extend = () =>
    watch(() =>
      bodyOf(api.POST('/v1/subscriptions/{id}/extend', { params, body: { to: toInstant(to) ?? '', reason } })),
    );
  return (
    <ActionDialog
      opened
      title={t.commands.extend}
      confirm={t.commands.extend}
      dismiss={t.keep}
      done={t.done.extend}
      invalidates={readsOf(subscription.customer)}
      onClose={onClose}
      run={extend}
    >
      <Text size="sm">{t.effects.extend}</Text>
      <TextInput
        type="datetime-local"
        step={1}
        required
        label={t.newEnd}
        description={t.currentEnd(formats.dateTime(end))}
        value={to}
        onChange={({ currentTarget }) => setTo(currentTarget.value)}
        error={errors['to']}
      />
      <ReasonField value={reason} onChange={setReason} error={errors['reason']} />
    </ActionDialog>
  );
}
