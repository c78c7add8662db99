import { NumberInput, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { bodyOf, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../../shell/action-dialog';
import { api } from '../../../shell/session';
import { customerKey, featuresQuery } from '../customer-reads';
import { allowanceTexts } from './allowance-texts';
import { toInstant } from './instants';
import { ReasonField } from './reason-field';
import { useFieldErrors } from './use-field-errors';

interface GrantDialogProps {
  customer: string;
  product: string;
  /** Feature that is chosen first. */
  feature?: string;
  onClose: () => void;
}

/** Gives a customer units beside those of its plan. It is shown as long as it is mounted. */
export function GrantDialog({ customer, product, feature: initial, onClose }: GrantDialogProps): ReactNode {
  const t = useTexts(allowanceTexts);
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const [feature, setFeature] = useState<string | null>(initial ?? null);
  const [quantity, setQuantity] = useState<number | string>('');
  const [expiresAt, setExpiresAt] = useState('');
  const [reason, setReason] = useState('');
  const [errors, watch] = useFieldErrors();
  const features = useQuery(featuresQuery(product)).data?.data ?? [];
  const counted = features.filter(({ type }) => type === 'metered' || type === 'credit');
  const create = () =>
    watch(() =>
      bodyOf(
        api.POST('/v1/customers/{customer}/grants', {
          params: { path: { customer }, header: { 'Idempotency-Key': idempotencyKey } },
          body: {
            product,
            feature: feature ?? '',
            quantity: Number(quantity),
            expiresAt: toInstant(expiresAt),
            reason,
          },
        }),
      ),
    );
  return (
    <ActionDialog
      title={t.addGrant}
      confirm={t.addGrant}
      opened
      onClose={onClose}
      run={create}
      done={t.grantAdded}
      invalidates={[customerKey(customer)]}
      disabled={!feature || !quantity || !reason.trim()}
    >
      <Select
        label={t.feature}
        required
        searchable
        data={counted.map(({ key, name }) => ({ value: key, label: name === key ? key : `${name} (${key})` }))}
        value={feature}
        onChange={setFeature}
        error={errors['feature']}
      />
      <NumberInput
        label={t.units}
        description={t.unitsHint}
        required
        min={1}
        allowDecimal={false}
        value={quantity}
        onChange={setQuantity}
        error={errors['quantity']}
      />
      <TextInput
        type="datetime-local"
        step={1}
        label={t.expires}
        description={t.neverHint}
        value={expiresAt}
        onChange={({ currentTarget }) => setExpiresAt(currentTarget.value)}
        error={errors['expiresAt']}
      />
      <ReasonField value={reason} onChange={setReason} error={errors['reason']} />
    </ActionDialog>
  );
}
