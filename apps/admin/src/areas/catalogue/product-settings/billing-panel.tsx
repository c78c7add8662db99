import { Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ApiError, bodyOf, Loaded, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { Panel } from '../../../shell/panel';
import { api } from '../../../shell/session';
import { useChosenProduct, useMayEdit } from '../parts/access';
import { BillingForm } from './billing-form';
import { settingsTexts } from './settings-texts';
import type { Billing } from './billing';

/** Settings that a product has when billing is switched on. */
const DEFAULTS: Billing = {
  provider: 'sandbox',
  prorationBilling: 'immediately',
  usageGraceHours: 1,
  netDays: 14,
  invoiceNumberFormat: 'INV-{year}-{number}',
  creditNoteNumberFormat: 'CN-{year}-{number}',
  dunning: { retryDays: [1, 3, 5, 7], finally: 'cancel' },
  pastDueGraceDays: 7,
  zeroInvoices: false,
  language: 'en',
  cancellationCredit: 'balance',
  seller: { name: '', address: null, taxId: null, email: null, paymentDetails: null },
};

/** Settings of billing; a product that is not billed can be switched on. */
export function BillingPanel(): ReactNode {
  const t = useTexts(settingsTexts);
  const key = useChosenProduct();
  const settings = useQuery({
    queryKey: ['catalogue', key, 'billing'],
    queryFn: () => readBilling(key),
    refetchOnWindowFocus: false,
  });
  return (
    <Panel title={t.billing}>
      <Loaded query={settings}>{({ billing }) => (billing ? <BillingForm stored={billing} isOn /> : <Off />)}</Loaded>
    </Panel>
  );
}

/** @returns no settings for a product that is not billed */
async function readBilling(key: string): Promise<{ billing: Billing | null }> {
  try {
    return { billing: await bodyOf(api.GET('/v1/products/{key}/billing', { params: { path: { key } } })) };
  } catch (error) {
    if (error instanceof ApiError && error.code === 'billing_off') return { billing: null };
    throw error;
  }
}

function Off(): ReactNode {
  const t = useTexts(settingsTexts);
  const mayEdit = useMayEdit();
  const [isOpen, setIsOpen] = useState(false);
  if (isOpen)
    return (
      <>
        <Text size="sm">{t.onEffect}</Text>
        <BillingForm stored={DEFAULTS} />
      </>
    );
  return (
    <Group>
      <Text size="sm">{t.billingOff}</Text>
      {mayEdit && (
        <Button variant="default" onClick={() => setIsOpen(true)}>
          {t.switchOn}
        </Button>
      )}
    </Group>
  );
}
