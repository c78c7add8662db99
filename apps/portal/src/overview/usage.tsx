import { Group, Progress, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { components } from '@tollgate/schema';
import { bodyOf, Loaded, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { OWN, useVisit } from '../session/visit';
import { Panel } from '../shell/panel';
import { useFeatures } from '../shell/reads';
import { overviewTexts } from './overview-texts';

type Decision = components['schemas']['DecisionDto'];

const NEARLY_USED = 0.8;

/** The features of the plan: quantities used and left. */
export function Usage(): ReactNode {
  const t = useTexts(overviewTexts);
  const { api, product } = useVisit();
  const entitlements = useQuery({
    queryKey: ['entitlements', product],
    queryFn: () =>
      bodyOf(api.GET('/v1/customers/{customer}/entitlements', { params: { path: OWN, query: { product } } })),
  });
  return (
    <Panel title={t.usage}>
      <Loaded query={entitlements}>
        {({ data }) =>
          data.length === 0 ? (
            <Text>{t.usageNone}</Text>
          ) : (
            <Stack component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
              {data.map((decision) => (
                <li key={decision.feature}>
                  <Entitled decision={decision} />
                </li>
              ))}
            </Stack>
          )
        }
      </Loaded>
    </Panel>
  );
}

function Entitled({ decision }: { decision: Decision }): ReactNode {
  const t = useTexts(overviewTexts);
  const feature = useFeatures().get(decision.feature);
  const { relative } = useFormats();
  const { limit, used = 0, granted, resetsAt, type } = decision;
  const name = feature?.name ?? decision.feature;
  const most = type === 'credit' ? granted : limit;
  return (
    <>
      <Group justify="space-between" gap="xs">
        <Text fw={600}>{name}</Text>
        <Text size="sm">{useStateText(decision, feature?.unit ?? null)}</Text>
      </Group>
      {typeof most === 'number' && (
        <Progress
          value={most === 0 ? 100 : Math.min(100, (used / most) * 100)}
          color={used > most ? 'red' : used >= most * NEARLY_USED ? 'orange' : undefined}
          aria-label={name}
          my={4}
        />
      )}
      {resetsAt && <Text size="sm">{t.resets(relative(resetsAt))}</Text>}
    </>
  );
}

function useStateText(
  { type, value, allowed, limit, used = 0, granted, remaining, overage = 0 }: Decision,
  unit: string | null,
): string {
  const t = useTexts(overviewTexts);
  const { number } = useFormats();
  const count = (quantity: number): string => (unit ? `${number(quantity)} ${unit}` : number(quantity));
  if (type === 'boolean') return allowed ? t.included : t.notIncluded;
  if (type === 'static') return String(value);
  const most = type === 'credit' ? granted : limit;
  if (typeof most !== 'number') return t.unlimited(count(used));
  const rest = overage > 0 ? t.beyond(count(overage)) : t.left(count(remaining ?? 0));
  return `${t.of(number(used), count(most))}, ${rest}`;
}
