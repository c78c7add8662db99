import { Box, Button, Group, Stack, Text, Timeline } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { bodyOf, commonTexts, ErrorState, LoadingState, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Panel } from '../../shell/panel';
import { api } from '../../shell/session';
import { customerKey, type Subscription, type TimelineEntry } from './customer-reads';
import { customerTexts } from './customer-texts';
import { timelineTexts } from './timeline-texts';
import { type Change, changesOf, type Line, lineOf, type Status } from './timeline-model';

const PAGE_ROWS = 100;
type Texts = (typeof timelineTexts)['en'];

const COLORS: Record<Status, string> = {
  trialing: 'blue',
  active: 'teal',
  past_due: 'red',
  paused: 'yellow',
  canceled: 'orange',
  expired: 'gray',
  inactive: 'gray',
};

interface TimelineProps {
  subscription: Subscription;
  zone: string;
  /** The present, by the clock of the customer. */
  now: number;
}

/** The life of a subscription: a line of its statuses, and its events as a list. */
export function TimelinePanel({ subscription, zone, now }: TimelineProps): ReactNode {
  const t = useTexts(timelineTexts);
  const common = useTexts(commonTexts);
  const { id, customer } = subscription;
  const pages = useInfiniteQuery({
    queryKey: [...customerKey(customer), 'timeline', id],
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(
        api.GET('/v1/subscriptions/{id}/timeline', { params: { path: { id }, query: { cursor, limit: PAGE_ROWS } } }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });
  const entries = pages.data?.pages.flatMap(({ data }) => data);
  return (
    <Panel title={t.title}>
      {pages.isError && !entries && <ErrorState error={pages.error} retry={() => void pages.refetch()} />}
      {pages.isPending && <LoadingState />}
      {entries && (
        <>
          <StatusLine line={lineOf(entries, subscription, now)} zone={zone} />
          <EventList entries={entries} zone={zone} />
          {pages.hasNextPage && (
            <Button variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              {common.more}
            </Button>
          )}
        </>
      )}
    </Panel>
  );
}

const percent = (share: number): string => `${share * 100}%`;

/** The list below says the same, so that the line is one image for screen readers. */
function StatusLine({ line, zone }: { line: Line; zone: string }): ReactNode {
  const t = useTexts(timelineTexts);
  const { statuses } = useTexts(customerTexts);
  const formats = useFormats();
  const day = (at: number): string => formats.date(new Date(at).toISOString(), zone);
  const shown = [...new Set(line.segments.map(({ status }) => status))];
  return (
    <Stack gap={6}>
      <Box
        role="img"
        aria-label={t.lineOf(day(line.start), day(line.end))}
        pos="relative"
        h={26}
        bd="1px dashed var(--mantine-color-default-border)"
        style={{ borderRadius: 6 }}
      >
        {line.segments.map(({ status, from, to }) => (
          <Box
            key={`${status}${from}`}
            pos="absolute"
            top={4}
            h={16}
            left={percent(from)}
            w={percent(Math.max(to - from, 0.002))}
            bg={`${COLORS[status]}.6`}
          />
        ))}
        {line.marks.map(({ id, at }) => (
          <Box key={id} pos="absolute" top={0} h={24} w={2} left={percent(at)} bg="var(--mantine-color-text)" />
        ))}
        {line.now < 1 && (
          <Box pos="absolute" top={-4} h={32} w={3} left={percent(line.now)} bg="var(--mantine-color-indigo-5)" />
        )}
      </Box>
      <Group justify="space-between" gap="xs">
        <Text size="xs">{day(line.start)}</Text>
        <Group gap="sm" aria-hidden>
          {shown.map((status) => (
            <Group key={status} gap={4}>
              <Box w={10} h={10} bg={`${COLORS[status]}.6`} />
              <Text size="xs">{statuses[status]}</Text>
            </Group>
          ))}
        </Group>
        <Text size="xs">{day(line.end)}</Text>
      </Group>
    </Stack>
  );
}

function EventList({ entries, zone }: { entries: TimelineEntry[]; zone: string }): ReactNode {
  const t = useTexts(timelineTexts);
  const formats = useFormats();
  const show = useShow(zone);
  const actorOf = ({ actor }: TimelineEntry): string => t.actors[actor.kind] ?? actor.kind;
  return (
    <Timeline bulletSize={14} lineWidth={2} role="list" aria-label={t.events}>
      {[...entries].reverse().map((entry) => (
        <Timeline.Item
          key={entry.id}
          role="listitem"
          title={
            <Text size="sm" fw={600}>
              {t.types[entry.type as keyof Texts['types']] ?? entry.type}
            </Text>
          }
        >
          <Text size="xs" component="time" dateTime={entry.at}>
            {formats.dateTime(entry.at, zone)} · {actorOf(entry)}
          </Text>
          {entry.reason && <Text size="xs">{t.because(entry.reason)}</Text>}
          {changesOf(entry).map((change) => (
            <Text size="xs" key={change.field}>
              {changeText(change, show)}
            </Text>
          ))}
        </Timeline.Item>
      ))}
    </Timeline>
  );
}

const INSTANTS: readonly Change['field'][] = ['trialEnd', 'currentPeriodEnd', 'endsAt'];

/** Shows values of changes in the language of the user. */
function useShow(zone: string): { field: (field: Change['field']) => string; value: ShowValue } {
  const t = useTexts(timelineTexts);
  const { statuses } = useTexts(customerTexts);
  const formats = useFormats();
  return {
    field: (field) => t.fields[field],
    value: (field, value) => {
      if (value === null) return t.none;
      if (field === 'status') return statuses[value as Status];
      if (field === 'autoRenew') return t.switches[value === 'true' ? 'on' : 'off'];
      return INSTANTS.includes(field) ? formats.dateTime(value, zone) : value;
    },
  };
}

type ShowValue = (field: Change['field'], value: string | null) => string;

function changeText({ field, before, after }: Change, show: ReturnType<typeof useShow>): string {
  const present = `${show.field(field)}: ${show.value(field, after)}`;
  return before === null ? present : `${show.field(field)}: ${show.value(field, before)} → ${show.value(field, after)}`;
}
