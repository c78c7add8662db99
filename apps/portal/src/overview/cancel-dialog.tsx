import { Radio, Stack, Text, Textarea } from '@mantine/core';
import { ActionDialog, bodyOf, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { useVisit } from '../session/visit';
import { AFTER_CHANGES, type Subscription } from '../shell/reads';
import { overviewTexts } from './overview-texts';

const REASONS = ['too_expensive', 'missing_feature', 'not_used', 'other_service', 'problems', 'other'] as const;
type Reason = (typeof REASONS)[number];
const MAX_COMMENT = 400;

interface CancelDialogProps {
  subscription: Subscription;
  opened: boolean;
  onClose: () => void;
}

/** Shows the effect of the cancellation; it requires a reason. */
export function CancelDialog({ subscription, opened, onClose }: CancelDialogProps): ReactNode {
  const t = useTexts(overviewTexts);
  const { date } = useFormats();
  const { api } = useVisit();
  const [reason, setReason] = useState<Reason | null>(null);
  const [comment, setComment] = useState('');
  const { id, version, currentPeriodEnd } = subscription;
  // A subscription without end of its period has no later instant at which it could end.
  const when = currentPeriodEnd ? 'period_end' : 'now';
  const cancel = () =>
    bodyOf(
      api.POST('/v1/subscriptions/{id}/cancel', {
        params: { path: { id }, header: { 'Idempotency-Key': crypto.randomUUID(), 'If-Match': `"${version}"` } },
        body: { when, reason: [reason, comment.trim()].filter(Boolean).join(': ') },
      }),
    );
  return (
    <ActionDialog
      title={t.cancelTitle}
      confirm={t.cancelConfirm}
      dismiss={t.resume}
      opened={opened}
      onClose={onClose}
      run={cancel}
      done={t.canceled}
      invalidates={AFTER_CHANGES}
      disabled={!reason}
      dangerous
    >
      <Text>{currentPeriodEnd ? t.cancelAtEnd(date(currentPeriodEnd)) : t.cancelNow}</Text>
      {currentPeriodEnd && <Text>{t.cancelUndo}</Text>}
      <Radio.Group label={t.why} value={reason} onChange={(value) => setReason(value)} withAsterisk>
        <Stack gap="xs" mt="xs">
          {REASONS.map((one) => (
            <Radio key={one} value={one} label={t.reasons[one]} />
          ))}
        </Stack>
      </Radio.Group>
      <Textarea
        label={t.comment}
        description={t.commentHint}
        maxLength={MAX_COMMENT}
        value={comment}
        onChange={({ currentTarget }) => setComment(currentTarget.value)}
        autosize
        minRows={2}
      />
    </ActionDialog>
  );
}
