import { Gate, PlanChange, type PlanChoice, PricingTable, TollgateProvider, UsageBar } from '@tollgate/react';
import '../../../clients/react/styles.css';
import { type ReactNode, useState } from 'react';
import { createRoot } from 'react-dom/client';

interface PageSettings {
  url: string;
  features: string[];
}

/** The backend opens a portal session for the user of this page. */
const fetchToken = async (): Promise<string> => {
  const answer = await fetch('/billing/token', { method: 'POST' });
  if (!answer.ok) throw new Error('The backend did not return a token.');
  return answer.text();
};

function BillingPage({ features }: { features: string[] }): ReactNode {
  const [choice, setChoice] = useState<PlanChoice | null>(null);
  return (
    <main>
      <h1>Billing</h1>
      <h2>Usage</h2>
      {features.map((feature) => (
        <Gate key={feature} feature={feature} fallback={<p>{feature} is not available in your plan.</p>}>
          <UsageBar feature={feature} />
        </Gate>
      ))}
      <h2>Plans</h2>
      <PricingTable onChoose={setChoice} />
      {choice && <PlanChange key={choice.plan} choice={choice} onCancel={() => setChoice(null)} />}
    </main>
  );
}

const { url, features } = (await (await fetch('/billing/settings')).json()) as PageSettings;
createRoot(document.getElementById('root')!).render(
  <TollgateProvider url={url} fetchToken={fetchToken}>
    <BillingPage features={features} />
  </TollgateProvider>,
);
