import { Badge, Group, Stack, Text } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { useQuery } from '@tanstack/react-query';
import { bodyOf, EmptyState, Loaded, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { AnchorLink } from '../../shell/anchor-link';
import { Panel } from '../../shell/panel';
import { api } from '../../shell/session';
import { overviewTexts } from './overview-texts';

type Item = components['schemas']['AttentionItemDto'];

const REFRESH_MS = 60_000;

/** Screen that shows the objects of an item; the others have none. */
const SCREENS: Partial<Record<Item['kind'], { to: string; search?: Record<string, string> }>> = {
  subscriptions_past_due: { to: '/customers', search: { status: 'past_due' } },
  invoices_failed: { to: '/invoices', search: { status: 'open' } },
  invoices_not_finalized: { to: '/invoices', search: { status: 'draft' } },
  webhook_endpoints_failing: { to: '/webhooks' },
  webhook_endpoints_disabled: { to: '/webhooks' },
  drafts_unpublished: { to: '/catalogue' },
};

/** Failures and work that is behind. */
export function Attention({ product }: { product: string }): ReactNode {
  const t = useTexts(overviewTexts);
  const query = useQuery({
    queryKey: ['stats', 'attention', product],
    queryFn: () => bodyOf(api.GET('/v1/stats/attention', { params: { query: { product } } })),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Panel title={t.attention}>
      <Loaded query={query} rows={2}>
        {({ data }) =>
          data.length === 0 ? (
            <EmptyState title={t.nothingNeedsAttention} />
          ) : (
            <Stack gap="xs" component="ul" p={0} m={0}>
              {data.map((item) => (
                <AttentionLine key={item.kind + String(item.product)} item={item} />
              ))}
            </Stack>
          )
        }
      </Loaded>
    </Panel>
  );
}

function AttentionLine({ item: { kind, count, since } }: { item: Item }): ReactNode {
  const t = useTexts(overviewTexts);
  const formats = useFormats();
  const screen = SCREENS[kind];
  return (
    <Group component="li" gap="sm">
      <Badge variant="default">{formats.number(count)}</Badge>
      {screen ? (
        <AnchorLink to={screen.to} search={(now) => ({ ...now, ...screen.search })} size="sm">
          {t.attentionKinds[kind]}
        </AnchorLink>
      ) : (
        <Text size="sm">{t.attentionKinds[kind]}</Text>
      )}
      {since && (
        <Text size="sm" c="dimmed">
          {t.attentionSince(formats.relative(since))}
        </Text>
      )}
    </Group>
  );
}
