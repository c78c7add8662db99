import { Checkbox, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { bodyOf, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { api } from '../../../shell/session';
import { useChosenProduct } from '../parts/access';
import { EditDialog } from '../parts/edit-dialog';
import { countBefore, etagOf, type Plan, useVersionCounts } from './plan-reads';
import { planTexts } from './plan-texts';

interface PublishDialogProps {
  plan: Plan;
  /** Number of the draft. */
  version: number;
  onClose: () => void;
  /** Called when the user wants to move the subscriptions on older versions. */
  onPublished: () => void;
}

/** Publishes the draft, and says how many subscriptions stay on older versions. */
export function PublishDialog({ plan, version, onClose, onPublished }: PublishDialogProps): ReactNode {
  const t = useTexts(planTexts);
  const product = useChosenProduct();
  const client = useQueryClient();
  const counts = useVersionCounts(plan.key);
  const behind = counts && countBefore(counts, version);
  const [wantsMove, setWantsMove] = useState(true);
  const offersMove = behind !== undefined && behind > 0;
  return (
    <EditDialog
      title={t.publishTitle(version)}
      submit={t.publish}
      onClose={onClose}
      invalidates={['catalogue', product, 'plans']}
      saved={t.published(version)}
      save={(once) => {
        const header = { 'Idempotency-Key': once, 'If-Match': etagOf(plan) };
        const params = { path: { key: plan.key }, header };
        return bodyOf(api.POST('/v1/plans/{key}/publish', { params, body: { product } }));
      }}
      onSaved={offersMove && wantsMove ? onPublished : onClose}
      reload={() => {
        void client.invalidateQueries({ queryKey: ['catalogue', product, 'plans'] });
        onClose();
      }}
    >
      {() => (
        <>
          <Text>{t.publishEffect}</Text>
          <Behind count={behind} />
          {offersMove && (
            <Checkbox
              label={t.offerMove}
              checked={wantsMove}
              onChange={({ currentTarget }) => setWantsMove(currentTarget.checked)}
            />
          )}
        </>
      )}
    </EditDialog>
  );
}

/** Subscriptions that keep an older version. */
function Behind({ count }: { count: number | undefined }): ReactNode {
  const t = useTexts(planTexts);
  const formats = useFormats();
  if (count === undefined) return null;
  if (count === 0) return <Text size="sm">{t.nobodyBehind}</Text>;
  return (
    <div>
      <Text fw={600}>{t.staysBehind(formats.number(count))}</Text>
      <Text size="sm">{t.staysBehindHint}</Text>
    </div>
  );
}
