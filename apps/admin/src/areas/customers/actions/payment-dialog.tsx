import { Text } from '@mantine/core';
import { bodyOf, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../../shell/action-dialog';
import { api } from '../../../shell/session';
import { actionTexts } from './action-texts';
import { OptionalReason } from './optional-reason';
import { type CommandDialogProps, readsOf, useCommandParams } from './use-command';

/** Records the outcome of a payment that was made elsewhere; the status permits one outcome only. */
export function PaymentDialog({ subscription, onClose }: CommandDialogProps): ReactNode {
  const t = useTexts(actionTexts);
  const params = useCommandParams(subscription);
  const outcome = subscription.status === 'past_due' ? 'succeeded' : 'failed';
  const [reason, setReason] = useState('');
  const body = { outcome, reason: reason || undefined } as const;
  return (
    <ActionDialog
      opened
      dangerous={outcome === 'failed'}
      title={t.commands.payment}
      confirm={t.outcomes[outcome]}
      dismiss={t.keep}
      done={t.done.payment}
      invalidates={readsOf(subscription.customer)}
      onClose={onClose}
      run={() => bodyOf(api.POST('/v1/subscriptions/{id}/record-payment', { params, body }))}
    >
      <Text size="sm">{t.outcomeEffects[outcome]}</Text>
      <OptionalReason value={reason} onChange={setReason} />
    </ActionDialog>
  );
}
