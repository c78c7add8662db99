import { Button, Group, Slider, Stack, Text, TextInput } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { bodyOf, type Column, DataTable, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../shell/action-dialog';
import { Screen } from '../../shell/screen';
import { api } from '../../shell/session';
import { operationTexts } from './operation-texts';

type Clock = components['schemas']['TestClockDto'];

const CLOCKS = ['test-clocks'];
const MS_PER_DAY = 86_400_000;
const MAX_DAYS = 366;
const MARKS = [1, 7, 31, 92, 183, MAX_DAYS].map((value) => ({ value }));

/** Clocks of customers in simulated time. */
export function TestClocks(): ReactNode {
  const texts = useTexts(operationTexts);
  const t = texts.clocks;
  const formats = useFormats();
  const [creating, setCreating] = useState(false);
  const [advanced, setAdvanced] = useState<Clock | null>(null);
  const [deleted, setDeleted] = useState<Clock | null>(null);
  const columns: Column<Clock>[] = [
    { key: 'id', title: 'Id', wide: true, cell: ({ id }) => id },
    { key: 'now', title: t.now, cell: ({ now }) => formats.dateTime(now, 'UTC') },
    { key: 'created', title: texts.created, wide: true, cell: ({ createdAt }) => formats.date(createdAt) },
    {
      key: 'actions',
      title: texts.actions,
      cell: (clock) => (
        <Group gap={4} wrap="nowrap">
          <Button size="compact-xs" onClick={() => setAdvanced(clock)}>
            {t.advance}
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => setDeleted(clock)}>
            {t.delete}
          </Button>
        </Group>
      ),
    },
  ];
  return (
    <Screen title={t.title} actions={<Button onClick={() => setCreating(true)}>{t.create}</Button>}>
      <Text size="sm">{t.hint}</Text>
      <DataTable
        label={t.title}
        queryKey={CLOCKS}
        read={(cursor) => bodyOf(api.GET('/v1/test-clocks', { params: { query: { cursor, limit: 50 } } }))}
        columns={columns}
        rowKey={({ id }) => id}
        empty={{ title: t.empty, hint: t.hint }}
      />
      {creating && <CreateClock onClose={() => setCreating(false)} />}
      {advanced && <AdvanceClock clock={advanced} onClose={() => setAdvanced(null)} />}
      {deleted && <DeleteClock clock={deleted} onClose={() => setDeleted(null)} />}
    </Screen>
  );
}

function CreateClock({ onClose }: { onClose: () => void }): ReactNode {
  const t = useTexts(operationTexts).clocks;
  const [start, setStart] = useState(() => new Date().toISOString().slice(0, 16));
  return (
    <ActionDialog
      opened
      title={t.create}
      confirm={t.create}
      done={t.created}
      invalidates={[CLOCKS]}
      onClose={onClose}
      run={() => bodyOf(api.POST('/v1/test-clocks', { params: {}, body: { now: `${start}:00Z` } }))}
    >
      <TextInput
        type="datetime-local"
        label={t.start}
        value={start}
        onChange={(event) => setStart(event.currentTarget.value)}
        required
      />
    </ActionDialog>
  );
}

function AdvanceClock({ clock, onClose }: { clock: Clock; onClose: () => void }): ReactNode {
  const t = useTexts(operationTexts).clocks;
  const formats = useFormats();
  const [days, setDays] = useState(31);
  const to = new Date(new Date(clock.now).getTime() + days * MS_PER_DAY).toISOString();
  return (
    <ActionDialog
      opened
      title={t.advanceTitle}
      confirm={t.advance}
      done={t.target(formats.dateTime(to, 'UTC'))}
      // Everything that customers on the clock have may change.
      invalidates={[[]]}
      onClose={onClose}
      run={() => bodyOf(api.POST('/v1/test-clocks/{id}/advance', { params: { path: { id: clock.id } }, body: { to } }))}
    >
      <Stack gap="xl" pb="md">
        <Text>
          {t.days(days)}, {t.target(formats.dateTime(to, 'UTC'))}
        </Text>
        <Slider
          value={days}
          onChange={setDays}
          min={1}
          max={MAX_DAYS}
          marks={MARKS}
          label={t.days}
          thumbLabel={t.advanceTitle}
          data-autofocus
        />
      </Stack>
    </ActionDialog>
  );
}

function DeleteClock({ clock: { id }, onClose }: { clock: Clock; onClose: () => void }): ReactNode {
  const t = useTexts(operationTexts).clocks;
  return (
    <ActionDialog
      opened
      dangerous
      title={t.deleteTitle}
      confirm={t.delete}
      done={t.deleted}
      invalidates={[CLOCKS]}
      onClose={onClose}
      run={() => bodyOf(api.DELETE('/v1/test-clocks/{id}', { params: { path: { id } } }))}
    >
      <Text size="sm">{t.deleteHint}</Text>
    </ActionDialog>
  );
}
