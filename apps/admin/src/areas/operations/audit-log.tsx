import { Button, Code, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { bodyOf, type Column, DataTable, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { Screen } from '../../shell/screen';
import { api } from '../../shell/session';
import { AuditExport } from './audit-export';
import type { AuditFilters } from './audit-filters';
import { operationTexts } from './operation-texts';

type Entry = components['schemas']['AuditEntryDto'];

const ACTORS = ['user', 'api_key', 'portal', 'system', 'anonymous'];
const PAGE_ROWS = 50;

/** Query of the API for the filters of the URL. Dates begin at midnight UTC. */
const queryOf = ({ from, to, ...filters }: AuditFilters) => ({
  ...filters,
  from: from && `${from}T00:00:00Z`,
  to: to && `${to}T00:00:00Z`,
});

/** Commands and sign-ins: time, actor, object, reason, state before and after. */
export function AuditLog(): ReactNode {
  const t = useTexts(operationTexts).audit;
  const formats = useFormats();
  const filters = useSearch({ from: '/audit' });
  const [shown, setShown] = useState<Entry | null>(null);
  const columns: Column<Entry>[] = [
    { key: 'at', title: t.at, cell: ({ at }) => formats.dateTime(at) },
    { key: 'type', title: t.type, cell: ({ type }) => <Code>{type}</Code> },
    { key: 'actor', title: t.actor, cell: ({ actor }) => actor.name ?? actor.kind },
    { key: 'customer', title: t.customer, wide: true, cell: ({ customer }) => customer },
    { key: 'reason', title: t.reason, wide: true, cell: ({ reason }) => reason },
    {
      key: 'details',
      title: t.details,
      cell: (entry) => (
        <Button size="compact-xs" variant="default" onClick={() => setShown(entry)}>
          {t.details}
        </Button>
      ),
    },
  ];
  return (
    <Screen title={t.title} actions={<AuditExport query={queryOf(filters)} />}>
      <Filters filters={filters} />
      <DataTable
        label={t.title}
        queryKey={['audit', filters]}
        read={(cursor) =>
          bodyOf(api.GET('/v1/audit-log', { params: { query: { ...queryOf(filters), cursor, limit: PAGE_ROWS } } }))
        }
        columns={columns}
        rowKey={({ id }) => id}
        empty={{ title: t.empty }}
      />
      <Details entry={shown} onClose={() => setShown(null)} />
    </Screen>
  );
}

function Filters({ filters }: { filters: AuditFilters }): ReactNode {
  const t = useTexts(operationTexts).audit;
  const navigate = useNavigate({ from: '/audit' });
  const set = (change: AuditFilters): void =>
    void navigate({ search: (now) => ({ ...now, ...change }), replace: true, resetScroll: false });
  const text = (name: 'type' | 'customer' | 'from' | 'to') => ({
    label: t[name],
    defaultValue: filters[name] ?? '',
    onBlur: (event: { currentTarget: HTMLInputElement }) => set({ [name]: event.currentTarget.value || undefined }),
    onKeyDown: (event: { key: string; currentTarget: HTMLInputElement }) =>
      event.key === 'Enter' && set({ [name]: event.currentTarget.value || undefined }),
  });
  return (
    <Group align="flex-end" gap="sm">
      <TextInput {...text('type')} placeholder="login.*" title={t.typeHint} />
      <TextInput {...text('customer')} />
      <Select
        label={t.actorKind}
        placeholder={t.any}
        data={ACTORS}
        value={filters.actorKind ?? null}
        onChange={(kind) => set({ actorKind: (kind ?? undefined) as AuditFilters['actorKind'] })}
        clearable
      />
      <TextInput type="date" {...text('from')} />
      <TextInput type="date" {...text('to')} />
    </Group>
  );
}

function Details({ entry, onClose }: { entry: Entry | null; onClose: () => void }): ReactNode {
  const t = useTexts(operationTexts).audit;
  const formats = useFormats();
  if (!entry) return null;
  const facts: [string, string | null | undefined][] = [
    [t.at, formats.dateTime(entry.at)],
    [t.actor, `${entry.actor.name ?? ''} (${entry.actor.kind} ${entry.actor.id ?? ''})`],
    [t.subject, `${entry.subject.type} ${entry.subject.id}`],
    [t.customer, entry.customer],
    [t.reason, entry.reason],
    [t.origin, entry.origin?.address],
    [t.requestId, entry.origin?.requestId],
  ];
  return (
    <Modal opened onClose={onClose} title={entry.type} size="lg">
      <Stack gap="xs">
        {facts
          .filter(([, value]) => value)
          .map(([label, value]) => (
            <Text key={label} size="sm">
              <b>{label}:</b> {value}
            </Text>
          ))}
        <State title={t.before} state={entry.before} />
        <State title={t.after} state={entry.after} />
      </Stack>
    </Modal>
  );
}

function State({ title, state }: { title: string; state: Entry['before'] }): ReactNode {
  if (!state) return null;
  return (
    <>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <Code block tabIndex={0}>
        {JSON.stringify(state, null, 2)}
      </Code>
    </>
  );
}
