import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import type { Interval, Plan, PlanChoice, Price } from './requests';
import { useClass, useTollgate } from './tollgate-provider';

export interface PricingTableProps {
  /** ISO 4217: shows prices in this currency. Default: the currency of the customer's subscription, else the first. */
  currency?: string;
  /** ISO 3166-1 alpha-2. */
  region?: string;
  /** Called with the plan that the customer chose. */
  onChoose: (choice: PlanChoice) => void;
}

type Cadence = `${Interval}:${number}`;
const cadenceOf = ({ interval, intervalCount = 1 }: Price): Cadence => `${interval}:${intervalCount}`;

/** The offered plans with their prices by billing period; the current plan is marked. */
export function PricingTable({ currency, region, onChoose }: PricingTableProps): ReactElement {
  const { requests, queries, texts } = useTollgate();
  const name = useClass();
  const [chosen, setChosen] = useState<Cadence | null>(null);
  const query = { ...(currency && { currency }), ...(region && { region }) };
  const plans = useQuery({ queryKey: ['plans', query], queryFn: () => requests.plans(query) }, queries);
  const { data: subscription } = useQuery(
    { queryKey: ['subscription'], queryFn: () => requests.subscription() },
    queries,
  );
  if (plans.isPending) return <div role="status" aria-label={texts.loading} />;
  if (plans.isError) return <div role="alert">{texts.failed}</div>;
  const shown = currency ?? subscription?.price?.currency ?? plans.data.flatMap(({ prices }) => prices)[0]?.currency;
  const priced = plans.data.map((plan) => ({ plan, prices: plan.prices.filter((price) => price.currency === shown) }));
  const cadences = [...new Set(priced.flatMap(({ prices }) => prices.map(cadenceOf)))];
  const cadence = chosen ?? cadences[0] ?? null;
  return (
    <div className={name('pricing')}>
      {cadences.length > 1 && <CadenceSwitch cadences={cadences} value={cadence} onChange={setChosen} />}
      <ul className={name('pricing-plans')}>
        {priced.map(({ plan, prices }) => (
          <PlanCard
            key={plan.key}
            plan={plan}
            price={prices.find((price) => cadenceOf(price) === cadence)}
            isCurrent={subscription?.plan.key === plan.key}
            onChoose={onChoose}
          />
        ))}
      </ul>
    </div>
  );
}

function CadenceSwitch(props: {
  cadences: Cadence[];
  value: Cadence | null;
  onChange: (cadence: Cadence) => void;
}): ReactElement {
  const { texts } = useTollgate();
  const name = useClass();
  return (
    <div className={name('pricing-switch')} role="group" aria-label={texts.billing}>
      {props.cadences.map((cadence) => (
        <button
          key={cadence}
          type="button"
          aria-pressed={cadence === props.value}
          onClick={() => props.onChange(cadence)}
        >
          {cadenceText(cadence, texts)}
        </button>
      ))}
    </div>
  );
}

function cadenceText(cadence: Cadence, { intervals }: ReturnType<typeof useTollgate>['texts']): string {
  const [interval, count] = cadence.split(':') as [Interval, string];
  return intervals[interval](Number(count));
}

function PlanCard(props: {
  plan: Plan;
  price: Price | undefined;
  isCurrent: boolean;
  onChoose: (choice: PlanChoice) => void;
}): ReactElement | null {
  const { plan, price, isCurrent } = props;
  const { texts, formats } = useTollgate();
  const name = useClass();
  const isFree = plan.prices.length === 0;
  // A paid plan without a price in this currency and period is not for sale here.
  if (!isFree && !price) return null;
  return (
    <li className={name('pricing-plan')} data-current={isCurrent || undefined}>
      <h3>{plan.name}</h3>
      {plan.description && <p>{plan.description}</p>}
      <p className={name('pricing-price')}>
        {price
          ? texts.per(formats.money(price.amount, price.currency), cadenceText(cadenceOf(price), texts))
          : texts.free}
      </p>
      {plan.trialDays > 0 && <p>{texts.trial(plan.trialDays)}</p>}
      {isCurrent ? (
        <strong>{texts.current}</strong>
      ) : (
        <button
          type="button"
          onClick={() =>
            props.onChoose({
              plan: plan.key,
              interval: price?.interval ?? 'month',
              intervalCount: price?.intervalCount ?? 1,
            })
          }
        >
          {texts.choose} <span className={name('hidden')}>{plan.name}</span>
        </button>
      )}
    </li>
  );
}
