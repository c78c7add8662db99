import { MultiSelect, SimpleGrid, TextInput } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { bodyOf, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { api } from '../../../shell/session';
import { catalogueTexts } from '../catalogue-texts';
import { useChosenProduct } from '../parts/access';
import { Choice } from '../parts/choice';
import { EditDialog } from '../parts/edit-dialog';
import { InstantField } from '../parts/instant-field';
import { MoneyField } from '../parts/money-field';
import { NameAndKey } from '../parts/name-and-key';
import { NumberField } from '../parts/number-field';
import { useTargets } from './choices';
import { salesTexts } from './sales-texts';

type Coupon = components['schemas']['CouponDto'];
type Draft = Omit<Coupon, 'id' | 'redemptions' | 'createdAt' | 'updatedAt'>;

const NEW: Draft = {
  key: '',
  name: '',
  percentOff: '10',
  amountOff: null,
  currency: null,
  duration: 'once',
  periods: null,
  maxRedemptions: null,
  redeemBy: null,
  plans: null,
};
const FIELDS = Object.keys(NEW);

/** Creates a coupon, or changes one. */
export function CouponDialog({ coupon, onClose }: { coupon?: Coupon; onClose: () => void }): ReactNode {
  const t = useTexts(salesTexts).coupons;
  const shared = useTexts(catalogueTexts);
  const product = useChosenProduct();
  const { plans } = useTargets();
  const [draft, setDraft] = useState<Draft>(coupon ?? NEW);
  const set = (change: Partial<Draft>): void => setDraft((now) => ({ ...now, ...change }));
  return (
    <EditDialog
      title={coupon ? shared.editOne(coupon.name) : t.create}
      onClose={onClose}
      fields={FIELDS}
      invalidates={['catalogue', product, 'coupons']}
      saved={shared.saved(draft.name)}
      save={(once) => save(product, draft, coupon, once)}
    >
      {(errors) => (
        <>
          <NameAndKey value={draft} exists={coupon !== undefined} set={set} errors={errors} />
          <DiscountFields draft={draft} set={set} errors={errors} />
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <NumberField
              label={t.maxRedemptions}
              description={t.anyNumber}
              value={draft.maxRedemptions}
              onChange={(most) => set({ maxRedemptions: most ?? null })}
              error={errors.maxRedemptions}
            />
            <InstantField
              label={t.redeemBy}
              description={t.never}
              value={draft.redeemBy}
              onChange={(redeemBy) => set({ redeemBy })}
              error={errors.redeemBy}
            />
          </SimpleGrid>
          <MultiSelect
            label={t.plans}
            description={t.everyPlan}
            data={plans}
            value={draft.plans ?? []}
            onChange={(chosen) => set({ plans: chosen.length > 0 ? chosen : null })}
            error={errors.plans}
          />
        </>
      )}
    </EditDialog>
  );
}

function save(product: string, draft: Draft, coupon: Coupon | undefined, once: string): Promise<unknown> {
  const { key, name, percentOff, amountOff, currency, duration, periods, maxRedemptions, redeemBy, plans } = draft;
  const body = { product, name, percentOff, amountOff, currency, duration, periods, maxRedemptions, redeemBy, plans };
  if (coupon) return bodyOf(api.PATCH('/v1/coupons/{key}', { params: { path: { key } }, body }));
  return bodyOf(api.POST('/v1/coupons', { params: { header: { 'Idempotency-Key': once } }, body: { ...body, key } }));
}

interface DiscountFieldsProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  errors: Record<string, string>;
}

const PERCENT: Partial<Draft> = { percentOff: '10', amountOff: null, currency: null };
const AMOUNT: Partial<Draft> = { percentOff: null, amountOff: 0, currency: 'EUR' };

function DiscountFields({ draft, set, errors }: DiscountFieldsProps): ReactNode {
  const t = useTexts(salesTexts).coupons;
  const { percentOff, amountOff, currency, duration, periods } = draft;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <Choice
        label={t.discount}
        options={t.kinds}
        value={percentOff === null ? 'amount' : 'percent'}
        onChange={(kind) => set(kind === 'percent' ? PERCENT : AMOUNT)}
      />
      {percentOff === null ? (
        <>
          <MoneyField
            label={t.amountOff}
            required
            currency={currency ?? ''}
            value={amountOff}
            onChange={(amount) => set({ amountOff: amount ?? 0 })}
            error={errors.amountOff}
          />
          <TextInput
            label={t.currency}
            required
            maxLength={3}
            value={currency ?? ''}
            onChange={({ currentTarget }) => set({ currency: currentTarget.value.toUpperCase() })}
            error={errors.currency}
          />
        </>
      ) : (
        <TextInput
          label={t.percentOff}
          required
          inputMode="decimal"
          placeholder={t.percentHint}
          value={percentOff}
          onChange={({ currentTarget }) => set({ percentOff: currentTarget.value.trim() })}
          error={errors.percentOff}
        />
      )}
      <Choice
        label={t.duration}
        options={t.durations}
        value={duration}
        onChange={(chosen) => set({ duration: chosen, periods: chosen === 'repeating' ? 3 : null })}
        error={errors.duration}
      />
      {duration === 'repeating' && (
        <NumberField
          label={t.periods}
          required
          min={1}
          value={periods}
          onChange={(count) => set({ periods: count ?? null })}
          error={errors.periods}
        />
      )}
    </SimpleGrid>
  );
}
