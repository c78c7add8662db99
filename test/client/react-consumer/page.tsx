import { Gate, PlanChange, PricingTable, TollgateProvider, UsageBar, useEntitlement } from '@tollgate/react';
import type { ReactElement } from 'react';

/** Compiles against the types of the package. */
export function Page(): ReactElement {
  return (
    <TollgateProvider url="https://tollgate.example.com" fetchToken={() => Promise.resolve('tgp_x')} language="de">
      <Left />
      <UsageBar feature="calls" label="Calls" />
      <Gate feature="export" fallback={<p>no</p>}>
        <p>yes</p>
      </Gate>
      <PricingTable currency="EUR" onChoose={({ plan, interval }) => console.log(plan, interval)} />
      <PlanChange choice={{ plan: 'pro', interval: 'month', intervalCount: 1 }} when="period_end" />
    </TollgateProvider>
  );
}

function Left(): ReactElement {
  const { remaining, allowed } = useEntitlement('calls');
  const shown: number | null | undefined = remaining;
  return <p>{allowed ? shown : 0}</p>;
}
