import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Loaded, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { catalogueTexts } from '../catalogue-texts';
import { useMayEdit } from '../parts/access';
import { ArchivePlanDialog } from './archive-plan-dialog';
import { MoveDialog } from './move-dialog';
import { MoveProgress } from './move-progress';
import { PlanStatus } from './plan-list';
import { type PlanWithVersions, usePlan } from './plan-reads';
import { planTexts } from './plan-texts';
import { PublishDialog } from './publish-dialog';
import { VersionComparison } from './version-comparison';

type Dialog = 'publish' | 'move' | 'archive' | null;

/** One plan: its versions side by side, and what may be done with it. */
export function PlanPage(): ReactNode {
  const { key } = useParams({ from: '/catalogue/plans/$key' });
  const { move } = useSearch({ from: '/catalogue/plans/$key' });
  return (
    <Loaded query={usePlan(key)}>
      {(read) => (
        <Stack>
          <Head {...read} />
          {move && <MoveProgress plan={key} id={move} />}
          <VersionComparison plan={key} versions={read.versions} />
        </Stack>
      )}
    </Loaded>
  );
}

function Head(read: PlanWithVersions): ReactNode {
  const { plan } = read;
  const t = useTexts(planTexts);
  const mayEdit = useMayEdit();
  return (
    <>
      <Group justify="space-between">
        <Group gap="sm">
          <Title order={2} size="h3">
            {plan.name}
          </Title>
          <PlanStatus status={plan.status} />
        </Group>
        {mayEdit && plan.status !== 'archived' && <Actions {...read} />}
      </Group>
      <Text size="sm">{plan.public ? t.public : t.private}</Text>
      {plan.description && <Text size="sm">{plan.description}</Text>}
    </>
  );
}

function Actions({ plan, draft }: PlanWithVersions): ReactNode {
  const t = useTexts(planTexts);
  const shared = useTexts(catalogueTexts);
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<Dialog>(null);
  const close = (): void => setDialog(null);
  const params = { key: plan.key };
  return (
    <Group gap="xs">
      <Button variant="default" component={Link} to="/catalogue/plans/$key/draft" params={params as never}>
        {draft ? t.editDraft : t.newDraft}
      </Button>
      {draft && <Button onClick={() => setDialog('publish')}>{t.publish}</Button>}
      {plan.status === 'published' && (
        <Button variant="default" onClick={() => setDialog('move')}>
          {t.move}
        </Button>
      )}
      <Button variant="default" onClick={() => setDialog('archive')}>
        {shared.archive}
      </Button>
      {dialog === 'publish' && draft && (
        <PublishDialog plan={plan} version={draft.version} onClose={close} onPublished={() => setDialog('move')} />
      )}
      {dialog === 'move' && (
        <MoveDialog
          plan={plan}
          onClose={close}
          onStarted={(move) => void navigate({ to: '/catalogue/plans/$key', params, search: { move } })}
        />
      )}
      {dialog === 'archive' && <ArchivePlanDialog plan={plan} onClose={close} />}
    </Group>
  );
}
