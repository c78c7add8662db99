import { Badge, Button, Group, List, Paper, Stack, Text, Title } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { useTerms } from '../shell/terms';
import type { Offer } from './offers';
import { planTexts } from './plan-texts';

interface OfferCardProps {
  offer: Offer;
  isCurrent: boolean;
  onChoose: () => void;
}

/** A plan with its price and its entitlements. */
export function OfferCard({ offer: { plan, price }, isCurrent, onChoose }: OfferCardProps): ReactNode {
  const t = useTexts(planTexts);
  const terms = useTerms();
  const isFree = price.amount === 0 && !price.tiers;
  return (
    <Paper withBorder p="md" component="section">
      <Stack justify="space-between" h="100%">
        <Stack gap="xs">
          <Group justify="space-between" gap="xs">
            <Title order={2} size="h4">
              {plan.name}
            </Title>
            {isCurrent && <Badge variant="dot">{t.current}</Badge>}
          </Group>
          <Text fw={600}>{isFree ? t.free : terms.price(price)}</Text>
          {plan.description && <Text size="sm">{plan.description}</Text>}
          <List size="sm">
            {plan.entitlements.map((entitlement) => (
              <List.Item key={entitlement.feature}>{terms.entitlement(entitlement)}</List.Item>
            ))}
          </List>
        </Stack>
        {!isCurrent && <Button onClick={onChoose}>{t.choose(plan.name)}</Button>}
      </Stack>
    </Paper>
  );
}
