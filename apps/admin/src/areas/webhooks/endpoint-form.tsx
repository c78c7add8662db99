import { Select, TagsInput, TextInput } from '@mantine/core';
import { bodyOf, commonTexts, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../shell/action-dialog';
import { useMe } from '../../shell/me';
import { useProducts } from '../../shell/product';
import { api } from '../../shell/session';
import type { Endpoint } from './endpoint';
import { webhookTexts } from './webhook-texts';

/** Form of a new endpoint, or of one that exists; the product of an endpoint never changes. */
export function EndpointForm(props: {
  endpoint?: Endpoint;
  onClose: () => void;
  onCreated?: (secret: string) => void;
}): ReactNode {
  const { endpoint } = props;
  const t = useTexts(webhookTexts);
  const { save } = useTexts(commonTexts);
  const me = useMe();
  const products = useProducts() ?? [];
  const [url, setUrl] = useState(endpoint?.url ?? '');
  const [description, setDescription] = useState(endpoint?.description ?? '');
  const [types, setTypes] = useState(endpoint?.types ?? []);
  const [product, setProduct] = useState<string | null>(endpoint?.product ?? me.product);
  const body = { url, types, description: description || null };
  const run = async (): Promise<string | null> => {
    if (endpoint) {
      await bodyOf(api.PATCH('/v1/webhook-endpoints/{id}', { params: { path: { id: endpoint.id } }, body }));
      return null;
    }
    return (await bodyOf(api.POST('/v1/webhook-endpoints', { params: {}, body: { ...body, product } }))).secret;
  };
  return (
    <ActionDialog
      opened
      title={endpoint ? t.edit : t.create}
      confirm={endpoint ? save : t.create}
      done={endpoint && t.saved}
      invalidates={[['webhook-endpoints'], ['webhook-endpoint']]}
      onClose={props.onClose}
      onDone={(secret) => (secret === null ? props.onClose() : props.onCreated?.(secret))}
      run={run}
    >
      <TextInput
        label={t.url}
        type="url"
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
        required
        data-autofocus
      />
      <TextInput
        label={t.description}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <TagsInput label={t.types} description={t.typesHint} value={types} onChange={setTypes} />
      <Select
        label={t.product}
        placeholder={t.allProducts}
        data={products.map(({ key, name }) => ({ value: key, label: name }))}
        value={product}
        onChange={setProduct}
        disabled={endpoint !== undefined || me.product !== null}
        clearable
      />
    </ActionDialog>
  );
}
