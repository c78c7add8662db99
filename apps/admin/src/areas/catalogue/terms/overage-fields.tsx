import { SimpleGrid, TextInput } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Choice } from '../parts/choice';
import { MoneyField } from '../parts/money-field';
import { NumberField } from '../parts/number-field';
import type { TermFieldsProps } from './term-fields-props';
import { termTexts } from './term-texts';
import type { Entitlement, UsagePrice } from './terms';
import { TierRows } from './tier-rows';

type Kind = 'none' | 'overage' | UsagePrice['model'];

const kindOf = ({ overagePrice, usagePrice }: Entitlement): Kind =>
  usagePrice?.model ?? (overagePrice ? 'overage' : 'none');

/** Terms of another kind of price, with the currency that the other one had. */
const PRICES: Record<Kind, (currency: string) => Pick<Entitlement, 'overagePrice' | 'usagePrice'>> = {
  none: () => ({ overagePrice: undefined, usagePrice: undefined }),
  overage: (currency) => ({ overagePrice: { amount: 0, currency }, usagePrice: undefined }),
  per_unit: (currency) => ({
    overagePrice: undefined,
    usagePrice: { model: 'per_unit', currency, unitAmount: '0' },
  }),
  package: (currency) => ({
    overagePrice: undefined,
    usagePrice: { model: 'package', currency, packageSize: 1, amount: '0' },
  }),
  graduated: (currency) => tiered('graduated', currency),
  volume: (currency) => tiered('volume', currency),
};

const tiered = (model: 'graduated' | 'volume', currency: string) => ({
  overagePrice: undefined,
  usagePrice: { model, currency, tiers: [{ upTo: null, unitAmount: '0' }] },
});

/** Price of the units beyond the limit of a metered feature. */
export function OverageFields({
  entitlement,
  set,
  errors,
  currency,
}: TermFieldsProps & { currency: string }): ReactNode {
  const t = useTexts(termTexts);
  const { overagePrice, usagePrice } = entitlement;
  const used = usagePrice?.currency ?? overagePrice?.currency ?? currency;
  const money = overagePrice ?? usagePrice;
  const rename = (code: string): void =>
    set(
      overagePrice
        ? { overagePrice: { ...overagePrice, currency: code } }
        : { usagePrice: usagePrice && { ...usagePrice, currency: code } },
    );
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <Choice
          label={t.usagePrice}
          options={t.usagePrices}
          value={kindOf(entitlement)}
          onChange={(kind) => set(PRICES[kind](used))}
          error={errors.usagePrice ?? errors.overagePrice}
        />
        {money && (
          <TextInput
            label={t.currency}
            required
            maxLength={3}
            value={money.currency}
            onChange={({ currentTarget }) => rename(currentTarget.value.toUpperCase())}
            error={errors['usagePrice.currency'] ?? errors['overagePrice.currency']}
          />
        )}
      </SimpleGrid>
      {overagePrice && (
        <MoneyField
          label={t.unitAmount}
          required
          currency={overagePrice.currency}
          value={overagePrice.amount}
          onChange={(amount) => set({ overagePrice: { ...overagePrice, amount: amount ?? 0 } })}
          error={errors['overagePrice.amount']}
        />
      )}
      {usagePrice && (
        <UsagePriceFields price={usagePrice} set={(price) => set({ usagePrice: price })} errors={errors} />
      )}
    </>
  );
}

interface UsagePriceFieldsProps {
  price: UsagePrice;
  set: (price: UsagePrice) => void;
  errors: Record<string, string>;
}

function UsagePriceFields({ price, set, errors }: UsagePriceFieldsProps): ReactNode {
  const t = useTexts(termTexts);
  if (price.tiers)
    return (
      <TierRows
        tiers={price.tiers}
        onChange={(tiers) => set({ ...price, tiers })}
        next={() => ({ upTo: null, unitAmount: '0' })}
        errors={errors}
        path="usagePrice.tiers"
        amounts={(tier, change, path) => (
          <>
            <Decimal
              label={t.unitAmount}
              value={tier.unitAmount}
              onChange={(unitAmount) => change({ ...tier, unitAmount })}
              error={errors[`${path}.unitAmount`]}
            />
            <TextInput
              label={t.flatAmount}
              w={170}
              inputMode="decimal"
              value={tier.flatAmount ?? ''}
              onChange={({ currentTarget }) => change({ ...tier, flatAmount: currentTarget.value || undefined })}
              error={errors[`${path}.flatAmount`]}
            />
          </>
        )}
      />
    );
  if (price.model === 'per_unit')
    return (
      <Decimal
        label={t.unitAmount}
        description={t.decimalHint}
        value={price.unitAmount ?? ''}
        onChange={(unitAmount) => set({ ...price, unitAmount })}
        error={errors['usagePrice.unitAmount']}
      />
    );
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <NumberField
        label={t.packageSize}
        description={'\u00a0'}
        required
        min={1}
        value={price.packageSize}
        onChange={(packageSize) => set({ ...price, packageSize: packageSize ?? 1 })}
        error={errors['usagePrice.packageSize']}
      />
      <Decimal
        label={t.packageAmount}
        description={t.decimalHint}
        value={price.amount ?? ''}
        onChange={(amount) => set({ ...price, amount })}
        error={errors['usagePrice.amount']}
      />
    </SimpleGrid>
  );
}

interface DecimalProps {
  label: string;
  description?: string;
  value: string;
  onChange: (value: string) => void;
  error?: string;
}

/** An exact decimal, which stays text on its way to the API. */
function Decimal({ value, onChange, ...props }: DecimalProps): ReactNode {
  return (
    <TextInput
      {...props}
      required
      inputMode="decimal"
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value.trim())}
    />
  );
}
