import { NumberInput, Switch, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { bodyOf, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../shell/action-dialog';
import { api } from '../../shell/session';
import type { Endpoint } from './endpoint';
import { webhookTexts } from './webhook-texts';

const ENDPOINT_QUERIES = [['webhook-endpoints'], ['webhook-endpoint']];
const DEFAULT_OVERLAP_HOURS = 24;
const SECONDS_PER_HOUR = 3_600;
const MS_PER_DAY = 86_400_000;

interface DialogProps {
  endpoint: Endpoint;
  onClose: () => void;
}

export function SwitchEndpoint({ endpoint: { id, enabled, url }, onClose }: DialogProps): ReactNode {
  const t = useTexts(webhookTexts);
  const params = { path: { id } };
  return (
    <ActionDialog
      opened
      title={enabled ? t.disable : t.enable}
      confirm={enabled ? t.disable : t.enable}
      done={t.saved}
      invalidates={ENDPOINT_QUERIES}
      onClose={onClose}
      run={() => bodyOf(api.PATCH('/v1/webhook-endpoints/{id}', { params, body: { enabled: !enabled } }))}
    >
      <Text size="sm">{url}</Text>
    </ActionDialog>
  );
}

export function RotateSecret(props: DialogProps & { onDone: (secret: string) => void }): ReactNode {
  const t = useTexts(webhookTexts);
  const [hours, setHours] = useState<number | string>(DEFAULT_OVERLAP_HOURS);
  const params = { path: { id: props.endpoint.id } };
  const body = { overlapSeconds: Math.round(Number(hours) * SECONDS_PER_HOUR) };
  return (
    <ActionDialog
      opened
      title={t.rotate}
      confirm={t.rotate}
      onClose={props.onClose}
      onDone={({ secret }) => props.onDone(secret)}
      run={() => bodyOf(api.POST('/v1/webhook-endpoints/{id}/rotate-secret', { params, body }))}
    >
      <Text size="sm">{t.rotateHint}</Text>
      <NumberInput label={t.overlap} value={hours} onChange={setHours} min={0} required />
    </ActionDialog>
  );
}

export function DeleteEndpoint(props: DialogProps & { onDone: () => void }): ReactNode {
  const t = useTexts(webhookTexts);
  const params = { path: { id: props.endpoint.id } };
  return (
    <ActionDialog
      opened
      dangerous
      title={t.delete}
      confirm={t.delete}
      done={t.deleted}
      invalidates={[['webhook-endpoints']]}
      onClose={props.onClose}
      onDone={props.onDone}
      run={() => bodyOf(api.DELETE('/v1/webhook-endpoints/{id}', { params }))}
    >
      <Text size="sm">{t.deleteHint}</Text>
    </ActionDialog>
  );
}

export function RedeliverSpan({ endpoint: { id }, onClose }: DialogProps): ReactNode {
  const t = useTexts(webhookTexts);
  const [from, setFrom] = useState(() => new Date(Date.now() - MS_PER_DAY).toISOString().slice(0, 16));
  const [to, setTo] = useState(() => new Date().toISOString().slice(0, 16));
  const [all, setAll] = useState(false);
  const redeliver = async (): Promise<number> => {
    let count = 0;
    for (let after: number | undefined, more = true; more;) {
      const body = { from: `${from}:00Z`, to: `${to}:00Z`, all, ...(after !== undefined && { after }) };
      const step = await bodyOf(api.POST('/v1/webhook-endpoints/{id}/redeliver', { params: { path: { id } }, body }));
      count += step.redelivered;
      more = step.nextAfter !== null;
      after = step.nextAfter ?? undefined;
    }
    return count;
  };
  return (
    <ActionDialog
      opened
      title={t.redeliverSpan}
      confirm={t.redeliver}
      invalidates={[['webhook-deliveries']]}
      onClose={onClose}
      onDone={(count) => {
        notifications.show({ message: t.redelivered(count), color: 'teal' });
        onClose();
      }}
      run={redeliver}
    >
      <Text size="sm">{t.redeliverHint}</Text>
      <TextInput
        type="datetime-local"
        label={t.from}
        value={from}
        onChange={(event) => setFrom(event.currentTarget.value)}
        required
      />
      <TextInput
        type="datetime-local"
        label={t.to}
        value={to}
        onChange={(event) => setTo(event.currentTarget.value)}
        required
      />
      <Switch label={t.includeDelivered} checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
    </ActionDialog>
  );
}
