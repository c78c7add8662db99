import { TextInput } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { bodyOf, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { api } from '../../../shell/session';
import { catalogueTexts } from '../catalogue-texts';
import { useChosenProduct } from '../parts/access';
import { Choice } from '../parts/choice';
import { EditDialog } from '../parts/edit-dialog';
import { NameAndKey } from '../parts/name-and-key';
import { featureTexts } from './feature-texts';

type Feature = components['schemas']['FeatureDto'];
type Draft = Pick<Feature, 'key' | 'name' | 'type' | 'aggregation' | 'failurePolicy'> & { unit: string };

const FIELDS = ['key', 'name', 'type', 'aggregation', 'unit', 'failurePolicy'] as const;
const NEW: Draft = { key: '', name: '', type: 'metered', aggregation: 'sum', unit: '', failurePolicy: null };

/** Creates a feature, or changes one. Key, type and aggregation never change. */
export function FeatureDialog({ feature, onClose }: { feature?: Feature; onClose: () => void }): ReactNode {
  const t = useTexts(featureTexts);
  const shared = useTexts(catalogueTexts);
  const product = useChosenProduct();
  const [draft, setDraft] = useState<Draft>({ ...NEW, ...feature, unit: feature?.unit ?? '' });
  const set = (change: Partial<Draft>): void => setDraft((now) => ({ ...now, ...change }));
  return (
    <EditDialog
      title={feature ? shared.editOne(feature.name) : t.create}
      onClose={onClose}
      fields={FIELDS}
      invalidates={['catalogue', product, 'features']}
      saved={shared.saved(draft.name)}
      save={(key) => (feature ? update(feature.key, product, draft) : create(product, draft, key))}
    >
      {(errors) => (
        <>
          <NameAndKey value={draft} exists={feature !== undefined} set={set} errors={errors} />
          {!feature && <FixedFields draft={draft} set={set} errors={errors} />}
          <TextInput
            label={t.unit}
            description={t.unitHint}
            value={draft.unit}
            onChange={({ currentTarget }) => set({ unit: currentTarget.value })}
            error={errors.unit}
          />
          <Choice
            label={t.failurePolicy}
            description={t.failurePolicyHint}
            options={t.failurePolicies}
            value={draft.failurePolicy ?? 'none'}
            onChange={(policy) => set({ failurePolicy: policy === 'none' ? null : policy })}
            error={errors.failurePolicy}
          />
        </>
      )}
    </EditDialog>
  );
}

interface FixedFieldsProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  errors: Record<string, string>;
}

function FixedFields({ draft, set, errors }: FixedFieldsProps): ReactNode {
  const t = useTexts(featureTexts);
  return (
    <>
      <Choice
        label={t.type}
        description={t.typeHint}
        options={t.types}
        value={draft.type}
        onChange={(type) => set({ type })}
        error={errors.type}
      />
      {draft.type === 'metered' && (
        <Choice
          label={t.aggregation}
          description={t.aggregationHint}
          options={t.aggregations}
          value={draft.aggregation}
          onChange={(aggregation) => set({ aggregation })}
          error={errors.aggregation}
        />
      )}
    </>
  );
}

function create(product: string, draft: Draft, idempotencyKey: string): Promise<unknown> {
  const { aggregation, type, unit } = draft;
  const body = { ...draft, product, unit: unit || null, aggregation: type === 'metered' ? aggregation : undefined };
  return bodyOf(api.POST('/v1/features', { params: { header: { 'Idempotency-Key': idempotencyKey } }, body }));
}

function update(key: string, product: string, { name, unit, failurePolicy }: Draft): Promise<unknown> {
  const body = { product, name, unit: unit || null, failurePolicy };
  return bodyOf(api.PATCH('/v1/features/{key}', { params: { path: { key } }, body }));
}
