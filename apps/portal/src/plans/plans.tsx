import { SegmentedControl, SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { bodyOf, EmptyState, Loaded, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { useVisit } from '../session/visit';
import { Page } from '../shell/page';
import { type Subscription, useSubscription } from '../shell/reads';
import { termTexts } from '../shell/term-texts';
import { ChangeDialog } from './change-dialog';
import { OfferCard } from './offer-card';
import { type Offer, offersOf, periodOf } from './offers';
import { planTexts } from './plan-texts';

const PAGE = 100;

/** The public plans of the product, with their prices. */
export function Plans(): ReactNode {
  const t = useTexts(planTexts);
  const { api, product } = useVisit();
  const subscription = useSubscription();
  const plans = useQuery({
    queryKey: ['plans', product],
    queryFn: () => bodyOf(api.GET('/v1/plans', { params: { query: { product, status: 'published', limit: PAGE } } })),
  });
  return (
    <Page title={t.title}>
      <Loaded query={subscription}>
        {(current) =>
          current && !current.endedAt ? (
            <Loaded query={plans}>
              {({ data }) => <Offers current={current} offers={offersOf(data, current.price.currency)} />}
            </Loaded>
          ) : (
            <EmptyState title={t.noSubscription} />
          )
        }
      </Loaded>
    </Page>
  );
}

function Offers({ current, offers }: { current: Subscription; offers: Offer[] }): ReactNode {
  const t = useTexts(planTexts);
  const periods = [...new Set(offers.map(({ price }) => periodOf(price)))];
  const own = periodOf(current.price);
  const [period, setPeriod] = useState(periods.includes(own) ? own : periods[0]);
  const [chosen, setChosen] = useState<Offer | null>(null);
  if (offers.length === 0) return <EmptyState title={t.none} />;
  return (
    <Stack>
      {periods.length > 1 && <Periods periods={periods} value={period!} onChange={setPeriod} />}
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        {offers
          .filter(({ price }) => periodOf(price) === period)
          .map((offer) => (
            <OfferCard
              key={offer.plan.id}
              offer={offer}
              isCurrent={offer.plan.key === current.plan.key && period === own}
              onChoose={() => setChosen(offer)}
            />
          ))}
      </SimpleGrid>
      {chosen && <ChangeDialog current={current} offer={chosen} onClose={() => setChosen(null)} />}
    </Stack>
  );
}

interface PeriodsProps {
  periods: string[];
  value: string;
  onChange: (period: string) => void;
}

function Periods({ periods, value, onChange }: PeriodsProps): ReactNode {
  const t = useTexts(planTexts);
  const terms = useTexts(termTexts);
  const data = periods.map((period) => {
    const [interval, count] = period.split(':') as [keyof typeof terms.per, string];
    return { value: period, label: count === '1' ? terms.per[interval] : terms.every[interval](Number(count)) };
  });
  return <SegmentedControl aria-label={t.interval} data={data} value={value} onChange={onChange} />;
}
