import { Checkbox, Text } from '@mantine/core';
import { bodyOf, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../../shell/action-dialog';
import { api } from '../../../shell/session';
import { actionTexts } from './action-texts';
import { timesOf, type When } from './commands';
import { OptionalReason } from './optional-reason';
import { TimeChoice } from './time-choice';
import { type CommandDialogProps, readsOf, useCommandParams } from './use-command';

/** Ends the subscription, now or with the current period. */
export function CancelDialog({ subscription, onClose }: CommandDialogProps): ReactNode {
  const t = useTexts(actionTexts);
  const formats = useFormats();
  const params = useCommandParams(subscription);
  const times = timesOf(subscription);
  const [when, setWhen] = useState<When>(times.at(-1)!);
  const [prorate, setProrate] = useState(false);
  const [reason, setReason] = useState('');
  const end = subscription.currentPeriodEnd;
  const body = { when, reason: reason || undefined, prorate: when === 'now' ? prorate : undefined };
  return (
    <ActionDialog
      opened
      dangerous
      title={t.commands.cancel}
      confirm={t.commands.cancel}
      dismiss={t.keep}
      done={t.done.cancel}
      invalidates={readsOf(subscription.customer)}
      onClose={onClose}
      run={() => bodyOf(api.POST('/v1/subscriptions/{id}/cancel', { params, body }))}
    >
      <TimeChoice times={times} value={when} onChange={setWhen} />
      <Text size="sm" aria-live="polite">
        {when === 'now' ? t.cancelNow : t.cancelLater(end ? formats.dateTime(end) : '')}{' '}
        {subscription.scheduledChange && t.cancelScheduled}
      </Text>
      {when === 'now' && end && (
        <Checkbox
          label={t.prorate}
          checked={prorate}
          onChange={({ currentTarget }) => setProrate(currentTarget.checked)}
        />
      )}
      <OptionalReason value={reason} onChange={setReason} />
    </ActionDialog>
  );
}
