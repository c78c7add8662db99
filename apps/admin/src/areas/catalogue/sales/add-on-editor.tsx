import { Anchor, Button, Group, Stack, Text, Textarea, Title } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { bodyOf, Loaded, useTexts } from '@tollgate/web';
import { type FormEvent, type ReactNode, useState } from 'react';
import { Panel } from '../../../shell/panel';
import { api } from '../../../shell/session';
import { catalogueTexts } from '../catalogue-texts';
import { useChosenProduct } from '../parts/access';
import { NameAndKey } from '../parts/name-and-key';
import { fieldErrorsOf, useSave } from '../parts/save';
import { SaveProblem } from '../parts/save-problem';
import { useFeatures } from '../plans/plan-reads';
import { EntitlementTable } from '../terms/entitlement-table';
import { PriceTable } from '../terms/price-table';
import { termTexts } from '../terms/term-texts';
import { salesTexts } from './sales-texts';

type Draft = Required<Omit<components['schemas']['CreateAddOnDto'], 'product'>>;

const NEW: Draft = { key: '', name: '', description: '', prices: [], entitlements: [] };

/** Creates an add-on, or changes the one in the URL. */
export function AddOnEditor(): ReactNode {
  const { key } = useSearch({ from: '/catalogue/add-on' });
  const product = useChosenProduct();
  const addOn = useQuery({
    queryKey: ['catalogue-draft', product, 'add-on', key ?? null],
    queryFn: async (): Promise<Draft> =>
      key === undefined ? NEW : bodyOf(api.GET('/v1/add-ons/{key}', { params: { path: { key }, query: { product } } })),
    // A later read does not replace the edits of the user.
    staleTime: Infinity,
    gcTime: 0,
  });
  return <Loaded query={addOn}>{(start) => <AddOnForm start={start} exists={key !== undefined} />}</Loaded>;
}

function AddOnForm({ start, exists }: { start: Draft; exists: boolean }): ReactNode {
  const t = useTexts(salesTexts).addOns;
  const terms = useTexts(termTexts);
  const shared = useTexts(catalogueTexts);
  const product = useChosenProduct();
  const navigate = useNavigate();
  // Add-ons cannot have values.
  const features = (useFeatures().data ?? []).filter(({ type }) => type !== 'static');
  const [draft, setDraft] = useState(start);
  const set = (change: Partial<Draft>): void => setDraft((now) => ({ ...now, ...change }));
  const mutation = useSave<Draft, unknown>({
    save: (values, once) => (exists ? update(product, values) : create(product, values, once)),
    invalidates: ['catalogue', product],
    saved: shared.saved(draft.name),
    onSaved: () => void navigate({ to: '/catalogue/add-ons' }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    mutation.mutate(draft);
  };
  const errors = fieldErrorsOf(mutation.error);
  const { prices, entitlements } = draft;
  return (
    <form onSubmit={submit}>
      <Stack>
        <div>
          <Title order={2} size="h3">
            {exists ? start.name : t.create}
          </Title>
          <Anchor component={Link} to="/catalogue/add-ons" size="sm">
            {t.leave}
          </Anchor>
          {exists && <Text size="sm">{t.editHint}</Text>}
        </div>
        <NameAndKey value={draft} exists={exists} set={set} errors={errors} />
        <Textarea
          label={shared.description}
          autosize
          value={draft.description}
          onChange={({ currentTarget }) => set({ description: currentTarget.value })}
          error={errors.description}
        />
        <Panel title={terms.prices}>
          <PriceTable prices={prices} onChange={(changed) => set({ prices: changed })} errors={errors} />
        </Panel>
        <Panel title={terms.entitlements}>
          <EntitlementTable
            entitlements={entitlements}
            onChange={(changed) => set({ entitlements: changed })}
            features={features}
            currency={prices[0]?.currency ?? 'EUR'}
            errors={errors}
          />
        </Panel>
        <SaveProblem error={mutation.error} shown={isShown} />
        <Group justify="flex-end">
          <Button type="submit" loading={mutation.isPending}>
            {t.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

const isShown = (field: string): boolean => /^(key|name|description|(prices|entitlements)\.\d+\..+)$/.test(field);

const create = (product: string, draft: Draft, once: string): Promise<unknown> =>
  bodyOf(api.POST('/v1/add-ons', { params: { header: { 'Idempotency-Key': once } }, body: { product, ...draft } }));

function update(product: string, { key, name, description, prices, entitlements }: Draft): Promise<unknown> {
  const body = { product, name, description, prices, entitlements };
  return bodyOf(api.PATCH('/v1/add-ons/{key}', { params: { path: { key } }, body }));
}
