import { Badge, Group, List, Progress, Stack, Text } from '@mantine/core';
import { type Formats, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { AnchorLink } from '../../shell/anchor-link';
import type { Decision } from './customer-reads';
import { decisionTexts } from './decision-texts';

type Texts = (typeof decisionTexts)['en'];

/** One bar for each feature, with its source and the reset of its window. */
export function EntitlementBars({ decisions, zone }: { decisions: Decision[]; zone: string }): ReactNode {
  const t = useTexts(decisionTexts);
  if (decisions.length === 0) return <Text>{t.noEntitlements}</Text>;
  return (
    <List listStyleType="none" spacing="md" styles={{ itemWrapper: { width: '100%' }, itemLabel: { width: '100%' } }}>
      {decisions.map((decision) => (
        <List.Item key={decision.feature}>
          <OneFeature decision={decision} zone={zone} />
        </List.Item>
      ))}
    </List>
  );
}

function OneFeature({ decision, zone }: { decision: Decision; zone: string }): ReactNode {
  const t = useTexts(decisionTexts);
  const formats = useFormats();
  const { customer, feature, allowed, reason, resetsAt } = decision;
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs">
        <Group gap="xs">
          <Text fw={600} size="sm">
            {feature}
          </Text>
          {!allowed && (
            <Badge variant="outline" color="red" c="var(--mantine-color-text)" tt="none">
              {t.reasons[reason ?? 'unavailable']}
            </Badge>
          )}
        </Group>
        <Text size="sm">{amountText(decision, t, formats)}</Text>
      </Group>
      {typeof decision.limit === 'number' && (
        <Progress
          value={shareUsed(decision) * 100}
          color={allowed ? 'indigo' : 'red'}
          aria-label={`${t.usedOf(feature)}: ${amountText(decision, t, formats)}`}
        />
      )}
      <Group justify="space-between" gap="xs">
        <Text size="xs" c="dimmed">
          {[sourceText(decision, t), ...partTexts(decision, t, formats)].join(' · ')}
        </Text>
        <Group gap="xs">
          {resetsAt && (
            <Text size="xs" c="dimmed">
              {t.resets(formats.dateTime(resetsAt, zone))}
            </Text>
          )}
          <AnchorLink
            size="xs"
            to="/customers/$key"
            params={{ key: customer }}
            search={(now) => ({ ...now, tab: 'decision', feature })}
          >
            {t.explain}
          </AnchorLink>
        </Group>
      </Group>
    </Stack>
  );
}

function shareUsed({ limit, used = 0, reserved = 0 }: Decision): number {
  if (!limit) return used + reserved > 0 ? 1 : 0;
  return Math.min((used + reserved) / limit, 1);
}

/** Used units and limit, or the value of a switch or a static feature. */
export function amountText({ limit, used, value, reserved }: Decision, t: Texts, formats: Formats): string {
  if (typeof value === 'boolean') return value ? t.on : t.off;
  if (value !== undefined) return String(value);
  if (used === undefined) return t.notCounted;
  const held = reserved ? ` ${t.reserved(formats.number(reserved))}` : '';
  if (limit === null || limit === undefined) return `${t.usedUnlimited(formats.number(used))}${held}`;
  return `${t.usedLimit(formats.number(used), formats.number(limit))}${held}`;
}

/** The object of the catalogue or of the customer that decided. */
export function sourceText({ source }: Decision, t: Texts): string {
  if (!source) return t.sources.none;
  const addOns = source.addOns?.map(({ key }) => key).join(', ');
  const decided = t.sources[source.kind](`${source.plan} v${source.version}`);
  return addOns ? `${decided}, ${t.withAddOns(addOns)}` : decided;
}

/** Parts of the limit beside the units that the terms include. */
export function partTexts({ granted, carriedOver, overage }: Decision, t: Texts, formats: Formats): string[] {
  return [
    ...(granted ? [t.granted(formats.number(granted))] : []),
    ...(carriedOver ? [t.carriedOver(formats.number(carriedOver))] : []),
    ...(overage ? [t.overage(formats.number(overage))] : []),
  ];
}
