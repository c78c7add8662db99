import { Button, Fieldset, Group, Stack, Text } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { catalogueTexts } from '../catalogue-texts';
import { NumberField } from '../parts/number-field';
import { termTexts } from './term-texts';

interface TierRowsProps<Tier extends { upTo: number | null }> {
  tiers: Tier[];
  onChange: (tiers: Tier[]) => void;
  /** A tier that begins after the last one. */
  next: () => Tier;
  errors: Record<string, string>;
  /** Prefix of the paths of the tiers in `errors`, such as `tiers.tiers`. */
  path: string;
  /** Inputs of the prices of one tier. */
  amounts: (tier: Tier, change: (tier: Tier) => void, path: string) => ReactNode;
}

/** Tiers of a price in ascending order; the last one has no end. */
export function TierRows<Tier extends { upTo: number | null }>(props: TierRowsProps<Tier>): ReactNode {
  const t = useTexts(termTexts);
  const shared = useTexts(catalogueTexts);
  const { tiers, onChange, errors, path } = props;
  const last = tiers.length - 1;
  const replace = (index: number, tier: Tier): void => onChange(tiers.map((one, at) => (at === index ? tier : one)));
  const remove = (index: number): void =>
    onChange(tiers.toSpliced(index, 1).map((one, at, all) => (at === all.length - 1 ? { ...one, upTo: null } : one)));
  const add = (): void => {
    const bounded = tiers.map((one, at) =>
      at === last ? { ...one, upTo: ((tiers[at - 1]?.upTo ?? 0) || 0) + 100 } : one,
    );
    onChange([...bounded, props.next()]);
  };
  return (
    <Fieldset legend={t.tiers}>
      <Stack gap="xs">
        {tiers.map((tier, index) => (
          <Group key={index} align="flex-end" gap="xs" role="group" aria-label={t.tier(index + 1)}>
            {index === last ? (
              <Text size="sm" w={110} pb={8}>
                {t.upTo}: {t.noEnd}
              </Text>
            ) : (
              <NumberField
                label={t.upTo}
                w={110}
                required
                value={tier.upTo}
                onChange={(upTo) => replace(index, { ...tier, upTo: upTo ?? 0 })}
                error={errors[`${path}.${index}.upTo`]}
              />
            )}
            {props.amounts(tier, (next) => replace(index, next), `${path}.${index}`)}
            {tiers.length > 1 && (
              <Button
                variant="default"
                size="compact-sm"
                mb={6}
                onClick={() => remove(index)}
                aria-label={shared.removeOne(t.tier(index + 1))}
              >
                {shared.remove}
              </Button>
            )}
          </Group>
        ))}
        <Group>
          <Button variant="default" size="xs" onClick={add}>
            {t.addTier}
          </Button>
        </Group>
      </Stack>
    </Fieldset>
  );
}
