import { Button, Code, Group, Modal, Select, Table, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { components } from '@tollgate/schema';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { bodyOf, type Column, commonTexts, DataTable, ErrorState, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { api } from '../../shell/session';
import { DELIVERY_STATUSES } from './delivery-statuses';
import { webhookTexts } from './webhook-texts';

type Delivery = components['schemas']['WebhookDeliveryDto'];

const REFRESH_MS = 10_000;

/** Deliveries to an endpoint with their attempts; each can be sent again. */
export function Deliveries({ endpoint }: { endpoint: string }): ReactNode {
  const t = useTexts(webhookTexts);
  const formats = useFormats();
  const { status } = useSearch({ from: '/webhooks/$id' });
  const navigate = useNavigate({ from: '/webhooks/$id' });
  const [shown, setShown] = useState<Delivery | null>(null);
  const columns: Column<Delivery>[] = [
    { key: 'created', title: t.created, cell: ({ createdAt }) => formats.dateTime(createdAt) },
    { key: 'type', title: t.type, cell: ({ type }) => <Code>{type}</Code> },
    { key: 'status', title: t.status, cell: ({ status: state }) => t.statuses[state] },
    { key: 'attempts', title: t.attempts, numeric: true, wide: true, cell: ({ attempts }) => attempts.length },
    { key: 'outcome', title: t.outcome, wide: true, cell: ({ outcome }) => outcome },
    {
      key: 'next',
      title: t.next,
      wide: true,
      cell: ({ nextAttemptAt }) => nextAttemptAt && formats.relative(nextAttemptAt),
    },
    {
      key: 'actions',
      title: t.actions,
      cell: (delivery) => (
        <Group gap={4} wrap="nowrap">
          <Button size="compact-xs" variant="default" onClick={() => setShown(delivery)}>
            {t.details}
          </Button>
          <RedeliverButton id={delivery.id} />
        </Group>
      ),
    },
  ];
  return (
    <>
      <Group justify="space-between" align="flex-end">
        <Title order={2} size="h4">
          {t.deliveries}
        </Title>
        <Select
          aria-label={t.status}
          placeholder={t.any}
          data={DELIVERY_STATUSES.map((value) => ({ value, label: t.statuses[value] }))}
          value={status ?? null}
          onChange={(value) =>
            void navigate({ search: (now) => ({ ...now, status: value ?? undefined }), replace: true })
          }
          clearable
        />
      </Group>
      <DataTable
        label={t.deliveries}
        queryKey={['webhook-deliveries', endpoint, status]}
        read={(cursor) =>
          bodyOf(api.GET('/v1/webhook-deliveries', { params: { query: { endpoint, status, cursor, limit: 50 } } }))
        }
        columns={columns}
        rowKey={({ id }) => id}
        empty={{ title: t.noDeliveries }}
        refreshMs={REFRESH_MS}
      />
      <Attempts delivery={shown} onClose={() => setShown(null)} />
    </>
  );
}

function RedeliverButton({ id }: { id: string }): ReactNode {
  const t = useTexts(webhookTexts);
  const queries = useQueryClient();
  const redeliver = useMutation({
    mutationFn: () => bodyOf(api.POST('/v1/webhook-deliveries/{id}/redeliver', { params: { path: { id } }, body: {} })),
    onSuccess: () => {
      notifications.show({ message: t.redeliverStarted, color: 'teal' });
      return queries.invalidateQueries({ queryKey: ['webhook-deliveries'] });
    },
    onError: (error) => notifications.show({ color: 'red', message: <ErrorState error={error} /> }),
  });
  return (
    <Button size="compact-xs" variant="default" loading={redeliver.isPending} onClick={() => redeliver.mutate()}>
      {t.redeliver}
    </Button>
  );
}

function Attempts({ delivery, onClose }: { delivery: Delivery | null; onClose: () => void }): ReactNode {
  const t = useTexts(webhookTexts);
  const { close } = useTexts(commonTexts);
  const formats = useFormats();
  if (!delivery) return null;
  return (
    <Modal opened onClose={onClose} title={delivery.type} size="lg" closeButtonProps={{ 'aria-label': close }}>
      <Table aria-label={t.attempts}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t.attempt}</Table.Th>
            <Table.Th>{t.at}</Table.Th>
            <Table.Th>{t.outcome}</Table.Th>
            <Table.Th ta="end">{t.httpStatus}</Table.Th>
            <Table.Th ta="end">{t.duration}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {delivery.attempts.map(({ attempt, at, outcome, statusCode, durationMs }) => (
            <Table.Tr key={at}>
              <Table.Td>{attempt}</Table.Td>
              <Table.Td>{formats.dateTime(at)}</Table.Td>
              <Table.Td>{outcome}</Table.Td>
              <Table.Td ta="end">{statusCode}</Table.Td>
              <Table.Td ta="end">{t.milliseconds(formats.number(durationMs))}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
