import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { components } from '@tollgate/schema';
import { bodyOf, EmptyState, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { api } from '../../../shell/session';
import { NumberField } from '../../catalogue/parts/number-field';
import { termTexts } from '../../catalogue/terms/term-texts';
import type { Price } from '../../catalogue/terms/terms';
import { actionTexts } from './action-texts';

const MAX_PLANS = 100;

/** The terms of a new subscription or of a change. */
export interface Offer {
  plan: string;
  interval: Price['interval'];
  intervalCount: number;
  quantity: number;
}

type Plan = components['schemas']['PlanDto'];
type Interval = Pick<Price, 'interval' | 'intervalCount'>;

/** Published plans of the product, of one currency or of all. */
export const plansQuery = (product: string, currency?: string) => ({
  queryKey: ['catalogue', product, 'plans', 'sold', currency],
  queryFn: async (): Promise<Plan[]> => {
    const query = { product, currency, status: 'published', limit: MAX_PLANS } as const;
    return (await bodyOf(api.GET('/v1/plans', { params: { query } }))).data;
  },
});

const intervalKey = ({ interval, intervalCount = 1 }: Interval): string => `${intervalCount} ${interval}`;

/** Billing intervals of the plan, without those of other currencies. */
function intervalsOf(plan: Plan | undefined, currency?: string): Interval[] {
  const prices = plan?.prices.filter((price) => currency === undefined || price.currency === currency) ?? [];
  return [...new Map(prices.map((price) => [intervalKey(price), price])).values()];
}

/** The first interval of the plan, or the same as before when the plan has it. */
export function offerOf(plan: Plan, before: Offer | null, currency?: string): Offer {
  const intervals = intervalsOf(plan, currency);
  const kept = before && intervals.find((one) => intervalKey(one) === intervalKey(before));
  const { interval, intervalCount = 1 } = kept ?? intervals[0] ?? { interval: 'month' };
  return { plan: plan.key, interval, intervalCount, quantity: before?.quantity ?? 1 };
}

interface OfferFieldsProps {
  product: string;
  currency?: string;
  offer: Offer | null;
  onChange: (offer: Offer) => void;
  errors?: Record<string, string>;
}

/** Plan, billing interval and quantity. */
export function OfferFields({ product, currency, offer, onChange, errors = {} }: OfferFieldsProps): ReactNode {
  const t = useTexts(actionTexts);
  const { intervals, perWindows, windowUnits } = useTexts(termTexts);
  const { data: plans } = useQuery(plansQuery(product, currency));
  if (plans?.length === 0) return <EmptyState title={t.noPlans} />;
  const plan = plans?.find(({ key }) => key === offer?.plan);
  const choosePlan = (key: string | null): void => {
    const chosen = plans?.find((one) => one.key === key);
    if (chosen) onChange(offerOf(chosen, offer, currency));
  };
  const chooseInterval = (key: string | null): void => {
    const chosen = intervalsOf(plan, currency).find((one) => intervalKey(one) === key);
    if (offer && chosen) onChange({ ...offer, interval: chosen.interval, intervalCount: chosen.intervalCount ?? 1 });
  };
  return (
    <>
      <Select
        label={t.plan}
        required
        allowDeselect={false}
        data={plans?.map(({ key, name }) => ({ value: key, label: name === key ? key : `${name} (${key})` })) ?? []}
        value={offer?.plan ?? null}
        onChange={choosePlan}
        error={errors['plan']}
      />
      <Select
        label={t.interval}
        required
        allowDeselect={false}
        disabled={!plan}
        data={intervalsOf(plan, currency).map((one) => {
          const { interval, intervalCount = 1 } = one;
          const label = intervalCount === 1 ? intervals[interval] : perWindows(intervalCount, windowUnits[interval]);
          return { value: intervalKey(one), label };
        })}
        value={offer && intervalKey(offer)}
        onChange={chooseInterval}
        error={errors['interval'] ?? errors['intervalCount']}
      />
      <NumberField
        label={t.quantity}
        required
        min={1}
        disabled={!offer}
        value={offer?.quantity}
        onChange={(quantity = 0) => offer && onChange({ ...offer, quantity })}
        error={errors['quantity']}
      />
    </>
  );
}
