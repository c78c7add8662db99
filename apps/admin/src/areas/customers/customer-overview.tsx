import { SimpleGrid } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { EmptyState, Loaded, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Panel } from '../../shell/panel';
import { customerQuery, entitlementsQuery, historyQuery } from './customer-reads';
import { customerTexts } from './customer-texts';
import { decisionTexts } from './decision-texts';
import { EntitlementBars } from './entitlement-bars';
import { TimelinePanel } from './timeline-panel';
import { timelineTexts } from './timeline-texts';

/** Entitlements of the customer, and the timeline of its latest subscription. */
export function CustomerOverview({ customer, product }: { customer: string; product: string }): ReactNode {
  const t = useTexts(decisionTexts);
  const entitlements = useQuery(entitlementsQuery(customer, product));
  const zone = useQuery(customerQuery(customer)).data?.timezone ?? 'UTC';
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }}>
      <Panel title={t.entitlements}>
        <Loaded query={entitlements}>{({ data }) => <EntitlementBars decisions={data} zone={zone} />}</Loaded>
      </Panel>
      <LatestTimeline customer={customer} product={product} zone={zone} />
    </SimpleGrid>
  );
}

function LatestTimeline({ customer, product, zone }: { customer: string; product: string; zone: string }): ReactNode {
  const t = useTexts(timelineTexts);
  const { noSubscription } = useTexts(customerTexts);
  const history = useQuery(historyQuery(customer, product));
  // Decisions are made by the clock of the customer, which may be a test clock.
  const asOf = useQuery(entitlementsQuery(customer, product)).data?.data[0]?.asOf;
  return (
    <Loaded query={history}>
      {({ data: [latest] }) =>
        latest ? (
          <TimelinePanel
            subscription={latest}
            zone={zone}
            now={asOf ? new Date(asOf).getTime() : history.dataUpdatedAt}
          />
        ) : (
          <Panel title={t.title}>
            <EmptyState title={noSubscription(product)} />
          </Panel>
        )
      }
    </Loaded>
  );
}
