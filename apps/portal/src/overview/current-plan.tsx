import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Panel } from '../shell/panel';
import type { Subscription } from '../shell/reads';
import { useTerms } from '../shell/terms';
import { CancelDialog } from './cancel-dialog';
import { overviewTexts } from './overview-texts';

const COLORS: Record<Subscription['status'], string> = {
  active: 'teal',
  inactive: 'gray',
  trialing: 'blue',
  canceled: 'orange',
  paused: 'gray',
  past_due: 'red',
  expired: 'gray',
};

/** Plan, price, state and dates, with the commands for them. */
export function CurrentPlan({ subscription }: { subscription: Subscription }): ReactNode {
  const t = useTexts(overviewTexts);
  const terms = useTerms();
  const formats = useFormats();
  const { plan, price, quantity, status, addOns } = subscription;
  return (
    <Panel
      title={t.plan}
      actions={
        <Badge variant="dot" color={COLORS[status]}>
          {t.status[status]}
        </Badge>
      }
    >
      <Stack gap={2}>
        <Text fw={700} size="xl">
          {plan.name}
        </Text>
        <Text>{terms.price(price)}</Text>
        {quantity > 1 && <Text>{t.quantity(formats.number(quantity))}</Text>}
        {addOns.map(({ key, name, quantity: count }) => (
          <Text key={key}>
            + {name} {count > 1 && `× ${formats.number(count)}`}
          </Text>
        ))}
      </Stack>
      <Dates subscription={subscription} />
      {!subscription.endedAt && <Commands subscription={subscription} />}
    </Panel>
  );
}

function Dates({ subscription }: { subscription: Subscription }): ReactNode {
  const t = useTexts(overviewTexts);
  const { date } = useFormats();
  const { currentPeriodStart, currentPeriodEnd, endsAt, endedAt, trialEnd, status, cancelAtPeriodEnd } = subscription;
  const end = endsAt ?? currentPeriodEnd;
  const isEnding = cancelAtPeriodEnd || endsAt !== null || !subscription.autoRenew;
  const rows: [string, string | null][] = endedAt
    ? [[t.ended, endedAt]]
    : [
        [t.trialEnds, status === 'trialing' ? trialEnd : null],
        [isEnding ? t.ends : t.renews, end],
      ];
  return (
    <Stack gap={2}>
      {!endedAt && currentPeriodEnd && (
        <Text size="sm">
          {t.period}: {date(currentPeriodStart)} – {date(currentPeriodEnd)}
        </Text>
      )}
      {rows.map(
        ([label, instant]) =>
          instant && (
            <Text size="sm" key={label}>
              {label} {date(instant)}
            </Text>
          ),
      )}
    </Stack>
  );
}

function Commands({ subscription }: { subscription: Subscription }): ReactNode {
  const t = useTexts(overviewTexts);
  const [opened, { open, close }] = useDisclosure();
  return (
    <Group gap="xs">
      <Button renderRoot={(props) => <Link {...props} to="/plans" />}>{t.change}</Button>
      {!subscription.cancelAtPeriodEnd && (
        <Button variant="default" onClick={open}>
          {t.cancel}
        </Button>
      )}
      <CancelDialog subscription={subscription} opened={opened} onClose={close} />
    </Group>
  );
}
