import { useNavigate } from '@tanstack/react-router';
import { bodyOf, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { api } from '../../../shell/session';
import { catalogueTexts } from '../catalogue-texts';
import { useChosenProduct } from '../parts/access';
import { EditDialog } from '../parts/edit-dialog';
import { NameAndKey } from '../parts/name-and-key';
import { planTexts } from './plan-texts';

/** Creates a plan as a draft and opens the draft. */
export function CreatePlanDialog({ onClose }: { onClose: () => void }): ReactNode {
  const t = useTexts(planTexts);
  const shared = useTexts(catalogueTexts);
  const product = useChosenProduct();
  const navigate = useNavigate();
  const [names, setNames] = useState({ name: '', key: '' });
  const { name, key } = names;
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
        <NameAndKey
          value={names}
          exists={false}
          set={(change) => setNames((now) => ({ ...now, ...change }))}
          errors={errors}
        />
      )}
    </EditDialog>
  );
}
