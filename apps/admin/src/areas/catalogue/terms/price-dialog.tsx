import { Group, SimpleGrid, Text, TextInput } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { Choice } from '../parts/choice';
import { MoneyField } from '../parts/money-field';
import { NumberField } from '../parts/number-field';
import { TermDialog } from './term-dialog';
import { termTexts } from './term-texts';
import { type Price, priceKey } from './terms';
import { TierRows } from './tier-rows';

export interface PriceDialogProps {
  price: Price;
  /** The other prices of the draft. */
  others: Price[];
  errors: Record<string, string>;
  onApply: (price: Price) => void;
  onClose: () => void;
}

/** Edits one price of a draft: period, buyers, amount or tiers. */
export function PriceDialog({ price: initial, others, errors, onApply, onClose }: PriceDialogProps): ReactNode {
  const t = useTexts(termTexts);
  const [price, setPrice] = useState(initial);
  const set = (change: Partial<Price>): void => setPrice((now) => ({ ...now, ...change }));
  const taken = others.some((other) => priceKey(other) === priceKey(price));
  return (
    <TermDialog title={t.prices} onClose={onClose} apply={() => onApply(price)} disabled={taken}>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput
          label={t.currency}
          required
          maxLength={3}
          value={price.currency}
          onChange={({ currentTarget }) => set({ currency: currentTarget.value.toUpperCase() })}
          error={errors.currency}
        />
        <Choice
          label={t.interval}
          options={t.intervals}
          value={price.interval}
          onChange={(interval) => set({ interval })}
          error={errors.interval}
        />
        <NumberField
          label={t.intervalCount}
          description={t.intervalCountHint}
          value={price.intervalCount ?? 1}
          onChange={(intervalCount) => set({ intervalCount })}
          error={errors.intervalCount}
        />
        <TextInput
          label={t.region}
          description={t.regionHint}
          maxLength={2}
          value={price.region ?? ''}
          onChange={({ currentTarget }) => set({ region: currentTarget.value.toUpperCase() || undefined })}
          error={errors.region}
        />
        <TextInput
          label={t.deviceType}
          description={t.deviceTypeHint}
          value={price.deviceType ?? ''}
          onChange={({ currentTarget }) => set({ deviceType: currentTarget.value || undefined })}
          error={errors.deviceType}
        />
      </SimpleGrid>
      <Choice
        label={t.priceModel}
        options={t.priceModels}
        value={price.tiers?.model ?? 'flat'}
        onChange={(model) => set({ tiers: model === 'flat' ? undefined : tiersOf(price, model) })}
        error={errors.tiers}
      />
      <Amounts price={price} set={set} errors={errors} />
      {taken && (
        <Text role="alert" size="sm">
          {t.samePrice}
        </Text>
      )}
    </TermDialog>
  );
}

/** The tiers of the price in another model; one tier with the amount where it has none. */
const tiersOf = ({ tiers, amount }: Price, model: 'graduated' | 'volume'): Price['tiers'] => ({
  model,
  tiers: tiers?.tiers ?? [{ upTo: null, unitAmount: amount }],
});

interface AmountsProps {
  price: Price;
  set: (change: Partial<Price>) => void;
  errors: Record<string, string>;
}

/** With tiers, the amount is that of one unit. */
function Amounts({ price, set, errors }: AmountsProps): ReactNode {
  const t = useTexts(termTexts);
  const { currency, tiers } = price;
  if (!tiers)
    return (
      <MoneyField
        label={t.amount}
        required
        currency={currency}
        value={price.amount}
        onChange={(amount) => set({ amount: amount ?? 0 })}
        error={errors.amount}
      />
    );
  return (
    <TierRows
      tiers={tiers.tiers}
      onChange={(changed) => set({ tiers: { ...tiers, tiers: changed }, amount: amountOfOne(changed) })}
      next={() => ({ upTo: null, unitAmount: 0 })}
      errors={errors}
      path="tiers.tiers"
      amounts={(tier, change, path) => (
        <Group gap="xs" align="flex-end">
          <MoneyField
            label={t.unitAmount}
            w={140}
            required
            currency={currency}
            value={tier.unitAmount}
            onChange={(unitAmount) => change({ ...tier, unitAmount: unitAmount ?? 0 })}
            error={errors[`${path}.unitAmount`]}
          />
          <MoneyField
            label={t.flatAmount}
            w={170}
            currency={currency}
            value={tier.flatAmount}
            onChange={(flatAmount) => change({ ...tier, flatAmount })}
            error={errors[`${path}.flatAmount`]}
          />
        </Group>
      )}
    />
  );
}

const amountOfOne = ([first]: NonNullable<Price['tiers']>['tiers']): number =>
  (first?.unitAmount ?? 0) + (first?.flatAmount ?? 0);
