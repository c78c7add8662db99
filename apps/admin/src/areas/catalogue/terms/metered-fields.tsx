import { Checkbox, SimpleGrid } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Choice } from '../parts/choice';
import { NumberField } from '../parts/number-field';
import type { TermFieldsProps } from './term-fields-props';
import { OverageFields } from './overage-fields';
import { termTexts } from './term-texts';
import { WindowFields } from './window-fields';

/** Limit, window, enforcement beyond the limit, price of overage, and rates of a metered feature. */
export function MeteredFields({
  entitlement,
  set,
  errors,
  currency,
}: TermFieldsProps & { currency: string }): ReactNode {
  const t = useTexts(termTexts);
  const { limit, window = 'billing_period', overage = 'deny' } = entitlement;
  const unlimited = limit === null;
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <NumberField
          label={t.limit}
          required={!unlimited}
          disabled={unlimited}
          value={limit}
          onChange={(units) => set({ limit: units ?? 0 })}
          error={errors.limit}
        />
        <Checkbox
          mt={{ base: 0, xs: 30 }}
          label={t.unlimited}
          checked={unlimited}
          onChange={({ currentTarget }) => set({ limit: currentTarget.checked ? null : 0, usagePrice: undefined })}
        />
        <WindowFields
          window={window}
          rule={entitlement}
          onChange={(change) => set(change)}
          errors={errors}
          member="window"
        />
        {!unlimited && (
          <Choice
            label={t.beyond}
            options={t.overages}
            value={overage}
            onChange={(chosen) => set({ overage: chosen, overagePrice: undefined, usagePrice: undefined })}
            error={errors.overage}
          />
        )}
      </SimpleGrid>
      {!unlimited && overage === 'allow' && (
        <OverageFields entitlement={entitlement} set={set} errors={errors} currency={currency} />
      )}
      <Rates entitlement={entitlement} set={set} errors={errors} />
    </>
  );
}

const RATE_SECONDS = 60;

function Rates({ entitlement, set, errors }: TermFieldsProps): ReactNode {
  const t = useTexts(termTexts);
  const { rateLimit, entityLimit } = entitlement;
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }}>
      <NumberField
        label={t.entityLimit}
        description={t.optional}
        value={entityLimit}
        onChange={(units) => set({ entityLimit: units })}
        error={errors.entityLimit}
      />
      <NumberField
        label={t.rateLimit}
        description={t.optional}
        value={rateLimit?.limit}
        onChange={(limit) =>
          set({ rateLimit: limit === undefined ? undefined : { windowSeconds: RATE_SECONDS, ...rateLimit, limit } })
        }
        error={errors['rateLimit.limit'] ?? errors.rateLimit}
      />
      {rateLimit && (
        <NumberField
          label={t.rateSeconds}
          description={'\u00a0'}
          min={1}
          value={rateLimit.windowSeconds}
          onChange={(seconds) => set({ rateLimit: { ...rateLimit, windowSeconds: seconds ?? RATE_SECONDS } })}
          error={errors['rateLimit.windowSeconds']}
        />
      )}
    </SimpleGrid>
  );
}
