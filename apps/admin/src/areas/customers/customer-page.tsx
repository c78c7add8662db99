import { Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { EmptyState, ErrorState, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { useMe } from '../../shell/me';
import { useProduct } from '../../shell/product';
import { Screen } from '../../shell/screen';
import { CustomerInvoices, CustomerPayments } from '../money/customer-money';
import { CustomerActivity } from './activity/customer-activity';
import { CustomerAllowances } from './allowances/customer-allowances';
import { customerQuery } from './customer-reads';
import { CustomerHead } from './customer-head';
import { CustomerOverview } from './customer-overview';
import { CustomerDecision } from './decision/customer-decision';
import { customerTexts } from './customer-texts';
import { type Tab, TABS } from './customer-search';
import { CustomerUsage } from './usage/customer-usage';

interface TabProps {
  customer: string;
  product: string;
}

/** Content of each tab. */
const CONTENT: Record<Tab, (props: TabProps) => ReactNode> = {
  overview: CustomerOverview,
  usage: CustomerUsage,
  allowances: CustomerAllowances,
  decision: CustomerDecision,
  invoices: CustomerInvoices,
  payments: CustomerPayments,
  activity: CustomerActivity,
};

/** Finance reads the money of a customer, and nothing else. */
const FINANCE_TABS: readonly Tab[] = ['invoices', 'payments'];

/** All about one customer. */
export function CustomerPage(): ReactNode {
  const t = useTexts(customerTexts);
  const { key } = useParams({ from: '/customers/$key' });
  const { role } = useMe();
  const product = useProduct();
  const customer = useQuery({ ...customerQuery(key), enabled: role !== 'finance' });
  return (
    <Screen title={customer.data?.name ?? key}>
      {customer.isError && <ErrorState error={customer.error} retry={() => void customer.refetch()} />}
      {customer.data && product && <CustomerHead customer={customer.data} product={product} />}
      {product && !customer.isError && <Content customer={key} product={product} />}
      {!product && <EmptyState title={t.noProduct} />}
    </Screen>
  );
}

function Content({ customer, product }: TabProps): ReactNode {
  const t = useTexts(customerTexts);
  const { role } = useMe();
  const navigate = useNavigate({ from: '/customers/$key' });
  const { tab: chosen } = useSearch({ from: '/customers/$key' });
  const visible = role === 'finance' ? FINANCE_TABS : TABS;
  const tab = chosen && visible.includes(chosen) ? chosen : visible[0]!;
  const open = (value: string | null): void =>
    void navigate({ search: (now) => ({ ...now, tab: (value ?? undefined) as Tab | undefined }), replace: true });
  const Shown = CONTENT[tab];
  return (
    <Tabs value={tab} onChange={open} keepMounted={false}>
      <Tabs.List aria-label={t.parts} style={{ overflowX: 'auto', flexWrap: 'nowrap' }}>
        {visible.map((one) => (
          <Tabs.Tab key={one} value={one}>
            {t.tabs[one]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={tab} pt="md">
        <Shown customer={customer} product={product} />
      </Tabs.Panel>
    </Tabs>
  );
}
