import { TextInput } from '@mantine/core';
import { bodyOf, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { Panel } from '../../../shell/panel';
import { api } from '../../../shell/session';
import { useChosenProduct } from '../parts/access';
import { SettingsForm } from './settings-form';
import { settingsTexts } from './settings-texts';

/** The name that people read; the key of a product never changes. */
export function ProductNamePanel({ name: stored }: { name: string }): ReactNode {
  const t = useTexts(settingsTexts);
  const key = useChosenProduct();
  const [name, setName] = useState(stored);
  return (
    <Panel title={t.product}>
      <SettingsForm
        save={() => bodyOf(api.PATCH('/v1/products/{key}', { params: { path: { key } }, body: { name } }))}
        invalidates={['products']}
        shown={(field) => field === 'name'}
      >
        {(errors) => (
          <TextInput
            label={t.productName}
            required
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
            error={errors.name}
          />
        )}
      </SettingsForm>
    </Panel>
  );
}
