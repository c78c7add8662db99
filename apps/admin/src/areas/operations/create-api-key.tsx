import { MultiSelect, NumberInput, Select, TextInput } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { bodyOf, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../shell/action-dialog';
import { useMe } from '../../shell/me';
import { useProducts } from '../../shell/product';
import { api } from '../../shell/session';
import { operationTexts } from './operation-texts';

type Scope = components['schemas']['CreateApiKeyDto']['scopes'][number];

const SCOPES: Scope[] = [
  'catalog:read',
  'catalog:write',
  'customers:read',
  'customers:write',
  'subscriptions:read',
  'subscriptions:write',
  'entitlements:read',
  'usage:read',
  'usage:write',
  'webhooks:write',
  'audit:read',
  'stats:read',
  'billing:read',
  'billing:write',
  'portal:write',
];
/** Rights of a service that checks and counts. */
const USUAL: Scope[] = ['entitlements:read', 'usage:write'];

/** Form of a new API key. */
export function CreateApiKey(props: {
  onClose: () => void;
  onDone: (created: components['schemas']['CreatedApiKeyDto']) => void;
}): ReactNode {
  const texts = useTexts(operationTexts);
  const t = texts.keys;
  const me = useMe();
  const products = useProducts() ?? [];
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<Scope[]>(USUAL);
  const [product, setProduct] = useState<string | null>(me.product);
  const [expires, setExpires] = useState('');
  const [limit, setLimit] = useState<number | string>('');
  const body = {
    name,
    scopes,
    ...(product && { product }),
    ...(expires && { expiresAt: `${expires}T00:00:00Z` }),
    ...(limit !== '' && { rateLimitPerMinute: Number(limit) }),
  };
  return (
    <ActionDialog
      opened
      title={t.create}
      confirm={t.create}
      onClose={props.onClose}
      onDone={props.onDone}
      disabled={scopes.length === 0}
      run={() => bodyOf(api.POST('/v1/api-keys', { params: {}, body }))}
    >
      <TextInput
        label={texts.name}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        data-autofocus
      />
      <MultiSelect label={t.scopes} data={SCOPES} value={scopes} onChange={setScopes} searchable />
      <Select
        label={texts.product}
        placeholder={texts.allProducts}
        data={products.map(({ key, name: label }) => ({ value: key, label }))}
        value={product}
        onChange={setProduct}
        disabled={me.product !== null}
        clearable
      />
      <TextInput
        type="date"
        label={t.expires}
        value={expires}
        onChange={(event) => setExpires(event.currentTarget.value)}
      />
      <NumberInput
        label={t.limit}
        description={t.limitHint}
        value={limit}
        onChange={setLimit}
        min={1}
        allowDecimal={false}
      />
    </ActionDialog>
  );
}
