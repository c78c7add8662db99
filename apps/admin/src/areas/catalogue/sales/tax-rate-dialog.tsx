import { Fieldset, MultiSelect, SimpleGrid, Stack, Switch, Text, TextInput } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { bodyOf, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { api } from '../../../shell/session';
import { catalogueTexts } from '../catalogue-texts';
import { useChosenProduct } from '../parts/access';
import { EditDialog } from '../parts/edit-dialog';
import { InstantField } from '../parts/instant-field';
import { NameAndKey } from '../parts/name-and-key';
import { useTargets } from './choices';
import { salesTexts } from './sales-texts';

type TaxRate = components['schemas']['TaxRateDto'];
type Targets = components['schemas']['TaxRateTargetsDto'];
type Draft = Omit<TaxRate, 'id' | 'createdAt' | 'updatedAt'>;

const NEW: Draft = {
  key: '',
  name: '',
  percentage: '',
  inclusive: false,
  country: null,
  region: null,
  validFrom: null,
  validUntil: null,
  appliesTo: null,
};
const FIELDS = Object.keys(NEW);

interface FieldsProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  errors: Record<string, string>;
}

/** Creates a tax rate, or changes one. */
export function TaxRateDialog({ rate, onClose }: { rate?: TaxRate; onClose: () => void }): ReactNode {
  const t = useTexts(salesTexts).taxRates;
  const shared = useTexts(catalogueTexts);
  const product = useChosenProduct();
  const [draft, setDraft] = useState<Draft>(rate ?? NEW);
  const set = (change: Partial<Draft>): void => setDraft((now) => ({ ...now, ...change }));
  return (
    <EditDialog
      title={rate ? shared.editOne(rate.name) : t.create}
      onClose={onClose}
      fields={FIELDS}
      invalidates={['catalogue', product, 'tax-rates']}
      saved={shared.saved(draft.name)}
      save={(once) => save(product, draft, rate, once)}
    >
      {(errors) => (
        <>
          {rate && <Text size="sm">{t.editHint}</Text>}
          <NameAndKey value={draft} exists={rate !== undefined} set={set} errors={errors} />
          <TextInput
            label={t.percentage}
            required
            inputMode="decimal"
            value={draft.percentage}
            onChange={({ currentTarget }) => set({ percentage: currentTarget.value.trim() })}
            error={errors.percentage}
          />
          <Switch
            label={t.inclusive}
            checked={draft.inclusive}
            onChange={({ currentTarget }) => set({ inclusive: currentTarget.checked })}
          />
          <BuyerFields draft={draft} set={set} errors={errors} />
          <LineFields draft={draft} set={set} errors={errors} />
        </>
      )}
    </EditDialog>
  );
}

function save(product: string, draft: Draft, rate: TaxRate | undefined, once: string): Promise<unknown> {
  const { key, name, percentage, inclusive, country, region, validFrom, validUntil, appliesTo } = draft;
  const body = { product, name, percentage, inclusive, country, region, validFrom, validUntil, appliesTo };
  if (rate) return bodyOf(api.PATCH('/v1/tax-rates/{key}', { params: { path: { key } }, body }));
  return bodyOf(api.POST('/v1/tax-rates', { params: { header: { 'Idempotency-Key': once } }, body: { ...body, key } }));
}

function BuyerFields({ draft, set, errors }: FieldsProps): ReactNode {
  const t = useTexts(salesTexts).taxRates;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <TextInput
        label={t.country}
        description={t.everyCountry}
        maxLength={2}
        value={draft.country ?? ''}
        onChange={({ currentTarget }) => set({ country: currentTarget.value.toUpperCase() || null })}
        error={errors.country}
      />
      <TextInput
        label={t.region}
        description={t.everyRegion}
        value={draft.region ?? ''}
        onChange={({ currentTarget }) => set({ region: currentTarget.value || null })}
        error={errors.region}
      />
      <InstantField
        label={t.validFrom}
        description={t.always}
        value={draft.validFrom}
        onChange={(validFrom) => set({ validFrom })}
        error={errors.validFrom}
      />
      <InstantField
        label={t.validUntil}
        description={t.always}
        value={draft.validUntil}
        onChange={(validUntil) => set({ validUntil })}
        error={errors.validUntil}
      />
    </SimpleGrid>
  );
}

const KINDS = ['plans', 'addOns', 'features'] as const;

function LineFields({ draft, set, errors }: FieldsProps): ReactNode {
  const t = useTexts(salesTexts).taxRates;
  const targets = useTargets();
  const chosen = draft.appliesTo ?? {};
  const choose = (kind: (typeof KINDS)[number], keys: string[]): void => {
    const next: Targets = { ...chosen, [kind]: keys.length > 0 ? keys : undefined };
    set({ appliesTo: KINDS.some((one) => next[one]) ? next : null });
  };
  return (
    <Fieldset legend={t.lines}>
      <Stack gap="xs">
        <Text size="sm">{t.everyLine}</Text>
        {KINDS.map((kind) => (
          <MultiSelect
            key={kind}
            label={t[kind]}
            data={targets[kind]}
            value={chosen[kind] ?? []}
            onChange={(keys) => choose(kind, keys)}
            error={errors[`appliesTo.${kind}`]}
          />
        ))}
      </Stack>
    </Fieldset>
  );
}
