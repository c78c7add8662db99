import { TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { bodyOf, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { api } from '../../../shell/session';
import { catalogueTexts } from '../catalogue-texts';
import { useChosenProduct } from '../parts/access';
import { EditDialog } from '../parts/edit-dialog';
import { planTexts } from './plan-texts';

/** Creates a plan as a draft and opens the draft. */
export function CreatePlanDialog({ onClose }: { onClose: () => void }): ReactNode {
  const t = useTexts(planTexts);
  const shared = useTexts(catalogueTexts);
  const product = useChosenProduct();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [key, setKey] = useState('');
  const body = { product, key, name };
  return (
    <EditDialog
      title={t.create}
      onClose={onClose}
      fields={['name', 'key']}
      invalidates={['catalogue', product, 'plans']}
      saved={shared.saved(name)}
      save={(once) => bodyOf(api.POST('/v1/plans', { params: { header: { 'Idempotency-Key': once } }, body }))}
      onSaved={() => void navigate({ to: '/catalogue/plans/$key/draft', params: { key } })}
    >
      {(errors) => (
        <>
          <TextInput
            label={t.name}
            required
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
            error={errors.name}
          />
          <TextInput
            label={t.key}
            description={shared.keyHint}
            required
            value={key}
            onChange={({ currentTarget }) => setKey(currentTarget.value)}
            error={errors.key}
          />
        </>
      )}
    </EditDialog>
  );
}
