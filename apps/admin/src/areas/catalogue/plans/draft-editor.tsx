import { Anchor, Button, Group, SimpleGrid, Stack, Switch, Textarea, TextInput, Title } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { bodyOf, Loaded, useTexts } from '@tollgate/web';
import { type FormEvent, type ReactNode, useState } from 'react';
import { Panel } from '../../../shell/panel';
import { api } from '../../../shell/session';
import { catalogueTexts } from '../catalogue-texts';
import { useChosenProduct } from '../parts/access';
import { NumberField } from '../parts/number-field';
import { fieldErrorsOf, useSave } from '../parts/save';
import { SaveProblem } from '../parts/save-problem';
import { EntitlementTable } from '../terms/entitlement-table';
import { PriceTable } from '../terms/price-table';
import { termTexts } from '../terms/term-texts';
import { etagOf, type PlanWithVersions, readPlan, useFeatures } from './plan-reads';
import { planTexts } from './plan-texts';

type Draft = Required<Omit<components['schemas']['UpdatePlanDto'], 'product'>>;

/** Edits the draft of a plan; without one, the published version is the start of a new draft. */
export function DraftEditor(): ReactNode {
  const { key } = useParams({ from: '/catalogue/plans/$key/draft' });
  const product = useChosenProduct();
  const [reads, setReads] = useState(0);
  const start = useQuery({
    queryKey: ['catalogue-draft', product, key, reads],
    queryFn: () => readPlan(product, key),
    // A later read does not replace the edits of the user.
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  return (
    <Loaded query={start}>
      {(read) => <DraftForm key={reads} {...read} reload={() => setReads((now) => now + 1)} />}
    </Loaded>
  );
}

function draftOf({ plan, versions, draft }: PlanWithVersions): Draft {
  const { name, description, trialDays, prices, entitlements } = draft ?? versions.at(-1)!;
  return { name, description, trialDays, prices, entitlements, public: plan.public };
}

function DraftForm({ reload, ...read }: PlanWithVersions & { reload: () => void }): ReactNode {
  const { plan } = read;
  const t = useTexts(planTexts);
  const terms = useTexts(termTexts);
  const shared = useTexts(catalogueTexts);
  const product = useChosenProduct();
  const navigate = useNavigate();
  const features = useFeatures().data ?? [];
  const [draft, setDraft] = useState(() => draftOf(read));
  const set = (change: Partial<Draft>): void => setDraft((now) => ({ ...now, ...change }));
  const params = { path: { key: plan.key }, header: { 'If-Match': etagOf(plan) } };
  const mutation = useSave({
    save: () => bodyOf(api.PATCH('/v1/plans/{key}', { params, body: { product, ...draft } })),
    invalidates: ['catalogue', product, 'plans'],
    saved: shared.saved(t.draftOf(draft.name)),
    onSaved: () => void navigate({ to: '/catalogue/plans/$key', params: { key: plan.key } }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    mutation.mutate(undefined);
  };
  const errors = fieldErrorsOf(mutation.error);
  return (
    <form onSubmit={submit}>
      <Stack>
        <div>
          <Title order={2} size="h3">
            {t.draftOf(plan.name)}
          </Title>
          <Anchor component={Link} to="/catalogue/plans/$key" params={{ key: plan.key } as never} size="sm">
            {t.leave}
          </Anchor>
        </div>
        <General draft={draft} set={set} errors={errors} />
        <Panel title={terms.prices}>
          <PriceTable prices={draft.prices} onChange={(prices) => set({ prices })} errors={errors} />
        </Panel>
        <Panel title={terms.entitlements}>
          <EntitlementTable
            entitlements={draft.entitlements}
            onChange={(entitlements) => set({ entitlements })}
            features={features}
            currency={draft.prices[0]?.currency ?? 'EUR'}
            errors={errors}
          />
        </Panel>
        <SaveProblem error={mutation.error} shown={isShown} reload={reload} />
        <Group justify="flex-end">
          <Button type="submit" loading={mutation.isPending}>
            {t.saveDraft}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Fields that show their message themselves: those of the form, and those of a row of a table. */
const isShown = (field: string): boolean => /^(name|description|trialDays|(prices|entitlements)\.\d+\..+)$/.test(field);

interface GeneralProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  errors: Record<string, string>;
}

function General({ draft, set, errors }: GeneralProps): ReactNode {
  const t = useTexts(planTexts);
  const shared = useTexts(catalogueTexts);
  return (
    <Panel title={t.general} hint={t.draftHint}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label={shared.name}
          required
          value={draft.name}
          onChange={({ currentTarget }) => set({ name: currentTarget.value })}
          error={errors.name}
        />
        <NumberField
          label={t.trialDays}
          value={draft.trialDays}
          onChange={(trialDays) => set({ trialDays: trialDays ?? 0 })}
          error={errors.trialDays}
        />
      </SimpleGrid>
      <Textarea
        label={shared.description}
        autosize
        value={draft.description}
        onChange={({ currentTarget }) => set({ description: currentTarget.value })}
        error={errors.description}
      />
      <Switch
        label={t.public}
        description={t.publicHint}
        checked={draft.public}
        onChange={({ currentTarget }) => set({ public: currentTarget.checked })}
      />
    </Panel>
  );
}
