import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { bodyOf, ErrorState, Loaded, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { Screen } from '../../shell/screen';
import { SecretOnce } from '../../shell/secret-once';
import { api } from '../../shell/session';
import { Deliveries } from './deliveries';
import { DeleteEndpoint, RedeliverSpan, RotateSecret, SwitchEndpoint } from './endpoint-dialogs';
import { EndpointForm } from './endpoint-form';
import type { Endpoint } from './endpoint';
import { stateOf } from './endpoint-state';
import { webhookTexts } from './webhook-texts';

type Dialog = 'edit' | 'rotate' | 'switch' | 'redeliver' | 'delete';

/** One endpoint: its state, its commands and its deliveries. */
export function EndpointPage(): ReactNode {
  const { id } = useParams({ from: '/webhooks/$id' });
  const query = useQuery({
    queryKey: ['webhook-endpoint', id],
    queryFn: () => bodyOf(api.GET('/v1/webhook-endpoints/{id}', { params: { path: { id } } })),
  });
  return <Loaded query={query}>{(endpoint) => <EndpointDetails endpoint={endpoint} />}</Loaded>;
}

function EndpointDetails({ endpoint }: { endpoint: Endpoint }): ReactNode {
  const t = useTexts(webhookTexts);
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const close = (): void => setDialog(null);
  const buttons: [Dialog, string][] = [
    ['edit', t.edit],
    ['switch', endpoint.enabled ? t.disable : t.enable],
    ['rotate', t.rotate],
    ['redeliver', t.redeliverSpan],
    ['delete', t.delete],
  ];
  return (
    <Screen
      title={endpoint.url}
      actions={
        <>
          <TestButton id={endpoint.id} />
          {buttons.map(([name, label]) => (
            <Button key={name} size="xs" variant="default" onClick={() => setDialog(name)}>
              {label}
            </Button>
          ))}
        </>
      }
    >
      <State endpoint={endpoint} />
      <Deliveries endpoint={endpoint.id} />
      {dialog === 'edit' && <EndpointForm endpoint={endpoint} onClose={close} />}
      {dialog === 'switch' && <SwitchEndpoint endpoint={endpoint} onClose={close} />}
      {dialog === 'redeliver' && <RedeliverSpan endpoint={endpoint} onClose={close} />}
      {dialog === 'rotate' && (
        <RotateSecret
          endpoint={endpoint}
          onClose={close}
          onDone={(rotated) => {
            close();
            setSecret(rotated);
          }}
        />
      )}
      {dialog === 'delete' && (
        <DeleteEndpoint endpoint={endpoint} onClose={close} onDone={() => void navigate({ to: '/webhooks' })} />
      )}
      <SecretOnce title={t.secretTitle} hint={t.secretHint} secret={secret} onClose={() => setSecret(null)} />
    </Screen>
  );
}

function State({ endpoint }: { endpoint: Endpoint }): ReactNode {
  const t = useTexts(webhookTexts);
  const formats = useFormats();
  const { description, types, product, disabledReason, pausedUntil, failingSince } = endpoint;
  const facts = [
    t.states[stateOf(endpoint)],
    disabledReason && t.disabledReasons[disabledReason],
    pausedUntil && t.pausedUntil(formats.dateTime(pausedUntil)),
    failingSince && t.failingSince(formats.dateTime(failingSince)),
    description,
    `${t.product}: ${product ?? t.allProducts}`,
    `${t.types}: ${types.join(', ') || t.allTypes}`,
  ].filter((fact) => typeof fact === 'string');
  return (
    <Group gap="md">
      {facts.map((fact) => (
        <Text key={fact} size="sm">
          {fact}
        </Text>
      ))}
    </Group>
  );
}

/** Sends a test event and shows how the endpoint answered. */
function TestButton({ id }: { id: string }): ReactNode {
  const t = useTexts(webhookTexts);
  const formats = useFormats();
  const test = useMutation({
    mutationFn: () => bodyOf(api.POST('/v1/webhook-endpoints/{id}/test', { params: { path: { id } }, body: {} })),
    onSuccess: ({ delivered, outcome, statusCode, durationMs }) =>
      notifications.show({
        color: delivered ? 'teal' : 'red',
        message:
          delivered && statusCode !== null
            ? t.testOk(statusCode, formats.number(durationMs))
            : t.testFailed(outcome, statusCode),
      }),
    onError: (error) => notifications.show({ color: 'red', message: <ErrorState error={error} /> }),
  });
  return (
    <Button size="xs" loading={test.isPending} onClick={() => test.mutate()}>
      {t.test}
    </Button>
  );
}
