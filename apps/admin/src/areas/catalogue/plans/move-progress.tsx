import { Group, Progress, Stack, Text } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { bodyOf, Loaded, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useEffect } from 'react';
import { Panel } from '../../../shell/panel';
import { api } from '../../../shell/session';
import { useChosenProduct } from '../parts/access';
import { planTexts } from './plan-texts';

type Move = components['schemas']['PlanMoveDto'];

const REFRESH_MS = 1_000;

/** Progress of a plan migration until it is done, then its result. */
export function MoveProgress({ plan, id }: { plan: string; id: string }): ReactNode {
  const product = useChosenProduct();
  const move = useQuery({
    queryKey: ['catalogue', product, 'moves', plan, id],
    queryFn: () => {
      const params = { path: { key: plan, id }, query: { product } };
      return bodyOf(api.GET('/v1/plans/{key}/moves/{id}', { params }));
    },
    refetchInterval: ({ state }) => (state.data?.state === 'done' ? false : REFRESH_MS),
  });
  const isDone = move.data?.state === 'done';
  const client = useQueryClient();
  useEffect(() => {
    if (isDone) void client.invalidateQueries({ queryKey: ['catalogue', product, 'plans'] });
  }, [isDone, client, product]);
  return <Loaded query={move}>{(data) => <Result {...data} />}</Loaded>;
}

function Result({ version, state, when, total, moved, skipped }: Move): ReactNode {
  const t = useTexts(planTexts);
  const formats = useFormats();
  const done = moved + skipped;
  const title = state === 'done' ? t.moveDone(version) : t.moveRunning(version);
  const share = state === 'done' ? 1 : Math.min(done / Math.max(total, 1), 1);
  const movedLabel = when === 'now' ? t.moved : t.scheduled;
  return (
    <Panel title={title}>
      <Progress value={share * 100} aria-label={title} />
      <Stack gap={2} role="status">
        <Text size="sm">{t.progress(formats.number(done), formats.number(total))}</Text>
        <Group gap="lg">
          <Text size="sm">
            {movedLabel}: {formats.number(moved)}
          </Text>
          <Text size="sm">
            {t.skipped}: {formats.number(skipped)}
          </Text>
        </Group>
        {skipped > 0 && <Text size="sm">{t.skippedHint}</Text>}
      </Stack>
    </Panel>
  );
}
