import { Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { bodyOf, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../../shell/action-dialog';
import { api } from '../../../shell/session';
import { customerKey, featuresQuery, type Override } from '../customer-reads';
import { allowanceTexts } from './allowance-texts';
import { toInstant, toLocal } from './instants';
import { ReasonField } from './reason-field';
import { TermFields } from './term-fields';
import { useFieldErrors } from './use-field-errors';
import type { OverrideTerms } from './override-terms';

interface OverrideDialogProps {
  customer: string;
  product: string;
  /** The override to change; null: a new one. */
  override: Override | null;
  onClose: () => void;
}

/** Terms that are sent: an entitlement of a plan has its type, an override has that of the feature. */
const termsOf = (override: Override | null): OverrideTerms => {
  const { type: _, ...terms } = override?.terms ?? {};
  return terms;
};

/** Sets the terms of one feature for one customer. It is shown as long as it is mounted. */
export function OverrideDialog({ customer, product, override, onClose }: OverrideDialogProps): ReactNode {
  const t = useTexts(allowanceTexts);
  const [feature, setFeature] = useState<string | null>(override?.feature ?? null);
  const [terms, setTerms] = useState<OverrideTerms>(() => termsOf(override));
  const [expiresAt, setExpiresAt] = useState(toLocal(override?.expiresAt));
  const [reason, setReason] = useState('');
  const [errors, watch] = useFieldErrors();
  const features = useQuery(featuresQuery(product)).data?.data ?? [];
  const type = features.find(({ key }) => key === feature)?.type;
  const choose = (key: string | null): void => {
    setFeature(key);
    setTerms({});
  };
  const set = () =>
    watch(() =>
      bodyOf(
        api.PUT('/v1/customers/{customer}/overrides/{feature}', {
          params: { path: { customer, feature: feature ?? '' } },
          body: { ...terms, product, expiresAt: toInstant(expiresAt), reason },
        }),
      ),
    );
  const isComplete = type !== undefined && Object.keys(terms).length > 0 && reason.trim() !== '';
  return (
    <ActionDialog
      title={override ? t.editOverride : t.addOverride}
      confirm={override ? t.editOverride : t.addOverride}
      opened
      onClose={onClose}
      run={set}
      done={t.overrideSet}
      invalidates={[customerKey(customer)]}
      disabled={!isComplete}
    >
      <Select
        label={t.feature}
        required
        searchable
        disabled={override !== null}
        data={features.map(({ key, name }) => ({ value: key, label: name === key ? key : `${name} (${key})` }))}
        value={feature}
        onChange={choose}
        error={errors['feature']}
      />
      {type && <TermFields type={type} terms={terms} onChange={setTerms} errors={errors} />}
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
