import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { bodyOf, ErrorState, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { useVisit } from '../session/visit';
import { AFTER_CHANGES, type Subscription } from '../shell/reads';
import { overviewTexts } from './overview-texts';

/** An overdue payment, the end of the subscription, and a scheduled change. */
export function Notices({ subscription }: { subscription: Subscription }): ReactNode {
  const t = useTexts(overviewTexts);
  const { date } = useFormats();
  const { status, cancelAtPeriodEnd, endsAt, currentPeriodEnd, scheduledChange, endedAt } = subscription;
  const end = endsAt ?? currentPeriodEnd;
  return (
    <>
      {status === 'past_due' && <Overdue graceEndsAt={subscription.graceEndsAt} />}
      {cancelAtPeriodEnd && !endedAt && end && (
        <Alert color="orange" title={t.canceledTitle(date(end))}>
          <Stack gap="xs" align="flex-start">
            <Text size="sm">{t.canceledText}</Text>
            <Resume subscription={subscription} />
          </Stack>
        </Alert>
      )}
      {scheduledChange && (
        <Alert color="blue" title={t.scheduledTitle(scheduledChange.plan.name, date(scheduledChange.effectiveAt))} />
      )}
    </>
  );
}

function Overdue({ graceEndsAt }: { graceEndsAt: string | null }): ReactNode {
  const t = useTexts(overviewTexts);
  const { date } = useFormats();
  return (
    <Alert color="red" title={t.overdueTitle} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{graceEndsAt ? t.overdueText(date(graceEndsAt)) : t.overdueOpen}</Text>
        <Group gap="xs">
          <Button renderRoot={(props) => <Link {...props} to="/invoices" />}>{t.payNow}</Button>
          <Button variant="default" renderRoot={(props) => <Link {...props} to="/payment" />}>
            {t.otherMethod}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

function Resume({ subscription: { id, version } }: { subscription: Subscription }): ReactNode {
  const t = useTexts(overviewTexts);
  const { api } = useVisit();
  const queries = useQueryClient();
  const resume = useMutation({
    mutationFn: () => {
      const header = { 'Idempotency-Key': crypto.randomUUID(), 'If-Match': `"${version}"` };
      return bodyOf(api.POST('/v1/subscriptions/{id}/resume', { params: { path: { id }, header }, body: {} }));
    },
    onSuccess: async () => {
      notifications.show({ message: t.resumed, color: 'teal' });
      await Promise.all(AFTER_CHANGES.map((queryKey) => queries.invalidateQueries({ queryKey })));
    },
  });
  return (
    <>
      <Button onClick={() => resume.mutate()} loading={resume.isPending}>
        {t.resume}
      </Button>
      {resume.isError && <ErrorState error={resume.error} />}
    </>
  );
}
