import { useQuery } from '@tanstack/react-query';
import { bodyOf } from '@tollgate/web';
import { api } from '../../../shell/session';
import { useChosenProduct } from '../parts/access';

/** Rows beyond this number are not offered. */
const MAX_ROWS = 100;

export interface ChoiceOption {
  value: string;
  label: string;
}

const optionsOf = ({ data }: { data: { key: string; name: string }[] }): ChoiceOption[] =>
  data.map(({ key, name }) => ({ value: key, label: name }));

/** Plans, add-ons and features that coupons and tax rates may be restricted to. */
export function useTargets(): Record<'plans' | 'addOns' | 'features', ChoiceOption[]> {
  const product = useChosenProduct();
  const { data } = useQuery({
    queryKey: ['catalogue', product, 'targets'],
    queryFn: async () => {
      const params = { query: { product, limit: MAX_ROWS } };
      const [plans, addOns, features] = await Promise.all([
        bodyOf(api.GET('/v1/plans', { params })),
        bodyOf(api.GET('/v1/add-ons', { params })),
        bodyOf(api.GET('/v1/features', { params })),
      ]);
      return { plans: optionsOf(plans), addOns: optionsOf(addOns), features: optionsOf(features) };
    },
  });
  return data ?? { plans: [], addOns: [], features: [] };
}
