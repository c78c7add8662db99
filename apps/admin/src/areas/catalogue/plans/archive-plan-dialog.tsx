import { Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { bodyOf, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { api } from '../../../shell/session';
import { catalogueTexts } from '../catalogue-texts';
import { useChosenProduct } from '../parts/access';
import { EditDialog } from '../parts/edit-dialog';
import { countBefore, etagOf, type Plan, useVersionCounts } from './plan-reads';
import { planTexts } from './plan-texts';

/** Ends the sale of a plan. */
export function ArchivePlanDialog({ plan, onClose }: { plan: Plan; onClose: () => void }): ReactNode {
  const t = useTexts(planTexts);
  const shared = useTexts(catalogueTexts);
  const formats = useFormats();
  const product = useChosenProduct();
  const client = useQueryClient();
  const counts = useVersionCounts(plan.key);
  return (
    <EditDialog
      title={shared.archiveOne(plan.name)}
      submit={shared.archive}
      danger
      onClose={onClose}
      invalidates={['catalogue', product, 'plans']}
      saved={shared.archived(plan.name)}
      save={(once) => {
        const header = { 'Idempotency-Key': once, 'If-Match': etagOf(plan) };
        const params = { path: { key: plan.key }, header };
        return bodyOf(api.POST('/v1/plans/{key}/archive', { params, body: { product } }));
      }}
      reload={() => {
        void client.invalidateQueries({ queryKey: ['catalogue', product, 'plans'] });
        onClose();
      }}
    >
      {() => (
        <Text>
          {t.archiveEffect} {counts && formats.number(countBefore(counts, Infinity))}
        </Text>
      )}
    </EditDialog>
  );
}
