import { Radio, Stack, Text, TextInput } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { bodyOf, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { api } from '../../../shell/session';
import { useChosenProduct } from '../parts/access';
import { EditDialog } from '../parts/edit-dialog';
import { countBefore, type Plan, useVersionCounts } from './plan-reads';
import { planTexts } from './plan-texts';

type When = components['schemas']['MovePlanDto']['when'];

interface MoveDialogProps {
  plan: Plan;
  onClose: () => void;
  onStarted: (id: string) => void;
}

/** Moves all live subscriptions of the plan to its newest published version. */
export function MoveDialog({ plan, onClose, onStarted }: MoveDialogProps): ReactNode {
  const t = useTexts(planTexts);
  const formats = useFormats();
  const counts = useVersionCounts(plan.key);
  const product = useChosenProduct();
  const [when, setWhen] = useState<When>('period_end');
  const [reason, setReason] = useState('');
  const body = { product, when, reason: reason.trim() || undefined };
  return (
    <EditDialog
      title={t.moveTitle(plan.version)}
      submit={t.move}
      onClose={onClose}
      fields={['when', 'reason']}
      invalidates={['catalogue', product, 'plans']}
      save={(once) => {
        const params = { path: { key: plan.key }, header: { 'Idempotency-Key': once } };
        return bodyOf(api.POST('/v1/plans/{key}/moves', { params, body }));
      }}
      onSaved={({ id }) => {
        onStarted(id);
        onClose();
      }}
    >
      {(errors) => (
        <>
          <Text>{t.moveEffect}</Text>
          {counts && <Text fw={600}>{t.onOlder(formats.number(countBefore(counts, plan.version)))}</Text>}
          <Radio.Group label={t.when} value={when} onChange={setWhen} error={errors.when}>
            <Stack gap="xs" mt="xs">
              {Object.entries(t.whens).map(([value, label]) => (
                <Radio key={value} value={value} label={label} />
              ))}
            </Stack>
          </Radio.Group>
          <TextInput
            label={t.reason}
            description={t.reasonHint}
            value={reason}
            onChange={({ currentTarget }) => setReason(currentTarget.value)}
            error={errors.reason}
          />
        </>
      )}
    </EditDialog>
  );
}
