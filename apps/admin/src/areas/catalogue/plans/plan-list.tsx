import { Anchor, Badge, Button, Code, Group, SegmentedControl } from '@mantine/core';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { bodyOf, type Column, DataTable, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { api } from '../../../shell/session';
import { catalogueTexts } from '../catalogue-texts';
import { useChosenProduct, useMayEdit } from '../parts/access';
import { CreatePlanDialog } from './create-plan-dialog';
import { type Plan, useLiveCounts } from './plan-reads';
import { planTexts } from './plan-texts';

const COLORS: Record<Plan['status'], string> = { draft: 'yellow', published: 'green', archived: 'gray' };

/** Plans of the product with status and live subscriptions. */
export function PlanList(): ReactNode {
  const t = useTexts(planTexts);
  const product = useChosenProduct();
  const mayEdit = useMayEdit();
  const navigate = useNavigate();
  const { status } = useSearch({ from: '/catalogue/plans' });
  const [creating, setCreating] = useState(false);
  const query = { product, status, limit: 50 };
  return (
    <>
      <Group justify="space-between">
        <SegmentedControl
          aria-label={t.status}
          size="xs"
          data={[
            { value: '', label: t.everyStatus },
            ...Object.entries(t.statuses).map(([value, label]) => ({ value, label })),
          ]}
          value={status ?? ''}
          onChange={(chosen) =>
            void navigate({ to: '/catalogue/plans', search: { status: (chosen || undefined) as Plan['status'] } })
          }
        />
        {mayEdit && <Button onClick={() => setCreating(true)}>{t.create}</Button>}
      </Group>
      <DataTable
        label={t.title}
        queryKey={['catalogue', product, 'plans', 'list', status]}
        read={(cursor) => bodyOf(api.GET('/v1/plans', { params: { query: { ...query, cursor } } }))}
        columns={useColumns()}
        rowKey={({ id }) => id}
        empty={{ title: t.empty, hint: t.emptyHint }}
      />
      {creating && <CreatePlanDialog onClose={() => setCreating(false)} />}
    </>
  );
}

/** Status of a plan. */
export function PlanStatus({ status }: { status: Plan['status'] }): ReactNode {
  return (
    <Badge color={COLORS[status]} autoContrast>
      {useTexts(planTexts).statuses[status]}
    </Badge>
  );
}

function useColumns(): Column<Plan>[] {
  const t = useTexts(planTexts);
  const shared = useTexts(catalogueTexts);
  const formats = useFormats();
  const counts = useLiveCounts();
  return [
    {
      key: 'name',
      title: shared.name,
      cell: ({ key, name }) => (
        <Anchor component={Link} to="/catalogue/plans/$key" params={{ key } as never}>
          {name}
        </Anchor>
      ),
    },
    { key: 'key', title: shared.key, wide: true, cell: ({ key }) => <Code>{key}</Code> },
    { key: 'status', title: t.status, cell: ({ status }) => <PlanStatus status={status} /> },
    { key: 'version', title: t.version, numeric: true, wide: true, cell: ({ version }) => version },
    {
      key: 'visibility',
      title: t.visibility,
      wide: true,
      cell: (plan) => (plan.public ? t.public : t.private),
    },
    {
      key: 'subscriptions',
      title: t.subscriptions,
      numeric: true,
      cell: ({ key }) => (counts ? formats.number(counts.get(key) ?? 0) : '–'),
    },
  ];
}
