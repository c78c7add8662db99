import { Checkbox, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { ApiError, bodyOf, Loaded, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../../shell/action-dialog';
import { api } from '../../../shell/session';
import { useFieldErrors } from '../allowances/use-field-errors';
import { actionTexts } from './action-texts';
import { type Offer, OfferFields } from './offer-fields';
import { readsOf } from './use-command';

const SETTLED_MS = 300;

interface StartDialogProps {
  customer: string;
  product: string;
  onClose: () => void;
}

/** Starts a subscription for a customer who has none. */
export function StartDialog({ customer, product, onClose }: StartDialogProps): ReactNode {
  const t = useTexts(actionTexts);
  const [header] = useState(() => ({ 'Idempotency-Key': crypto.randomUUID() }));
  const [offer, setOffer] = useState<Offer | null>(null);
  const [autoRenew, setAutoRenew] = useState(true);
  const [errors, watch] = useFieldErrors();
  const isComplete = offer !== null && offer.quantity > 0;
  const start = (terms: Offer) =>
    watch(() =>
      bodyOf(
        api.POST('/v1/subscriptions', {
          params: { header },
          body: { ...terms, customer, product, autoRenew },
        }),
      ),
    );
  return (
    <ActionDialog
      opened
      title={t.start}
      confirm={t.start}
      done={t.startDone}
      invalidates={readsOf(customer)}
      disabled={!isComplete}
      onClose={onClose}
      run={() => start(offer!)}
    >
      <Text size="sm">{t.startEffect}</Text>
      <OfferFields product={product} offer={offer} onChange={setOffer} errors={errors} />
      <Checkbox
        label={t.autoRenew}
        checked={autoRenew}
        onChange={({ currentTarget }) => setAutoRenew(currentTarget.checked)}
      />
      {isComplete && <FirstInvoice customer={customer} product={product} offer={offer} />}
    </ActionDialog>
  );
}

/** The invoice that comes next after the start. */
function FirstInvoice({ customer, product, offer }: { customer: string; product: string; offer: Offer }): ReactNode {
  const t = useTexts(actionTexts);
  const formats = useFormats();
  const [body] = useDebouncedValue(JSON.stringify({ ...offer, customer, product }), SETTLED_MS);
  const preview = useQuery({
    queryKey: ['preview-start', body],
    queryFn: () =>
      bodyOf(api.POST('/v1/invoices/preview', { body: JSON.parse(body) })).catch((error: unknown) => {
        if (error instanceof ApiError && error.code === 'billing_off') return { invoice: null };
        throw error;
      }),
    gcTime: 0,
  });
  return (
    <Loaded query={preview} rows={1}>
      {({ invoice }) => (
        <Text size="sm" aria-live="polite">
          {invoice
            ? t.firstInvoice(formats.money(invoice.due, invoice.currency), formats.date(invoice.billedAt))
            : t.noInvoice}
        </Text>
      )}
    </Loaded>
  );
}
