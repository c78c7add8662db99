import { Anchor, Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { bodyOf, type Column, DataTable, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { Screen } from '../../shell/screen';
import { SecretOnce } from '../../shell/secret-once';
import { api } from '../../shell/session';
import type { Endpoint } from './endpoint';
import { EndpointForm } from './endpoint-form';
import { stateOf } from './endpoint-state';
import { webhookTexts } from './webhook-texts';

/** Endpoints that the user may read. */
export function EndpointList(): ReactNode {
  const t = useTexts(webhookTexts);
  const queries = useQueryClient();
  const [creating, setCreating] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const columns: Column<Endpoint>[] = [
    {
      key: 'url',
      title: t.endpoint,
      cell: ({ id, url }) => (
        <Anchor component={Link} to={`/webhooks/${id}`}>
          {url}
        </Anchor>
      ),
    },
    { key: 'description', title: t.description, wide: true, cell: ({ description }) => description },
    { key: 'product', title: t.product, wide: true, cell: ({ product }) => product ?? t.allProducts },
    { key: 'types', title: t.types, wide: true, cell: ({ types }) => types.join(', ') || t.allTypes },
    { key: 'state', title: t.state, cell: (endpoint) => t.states[stateOf(endpoint)] },
  ];
  return (
    <Screen title={t.title} actions={<Button onClick={() => setCreating(true)}>{t.create}</Button>}>
      <DataTable
        label={t.title}
        queryKey={['webhook-endpoints']}
        read={(cursor) => bodyOf(api.GET('/v1/webhook-endpoints', { params: { query: { cursor, limit: 50 } } }))}
        columns={columns}
        rowKey={({ id }) => id}
        empty={{ title: t.empty, hint: t.emptyHint }}
      />
      {creating && (
        <EndpointForm
          onClose={() => setCreating(false)}
          onCreated={(created) => {
            setCreating(false);
            setSecret(created);
            void queries.invalidateQueries({ queryKey: ['webhook-endpoints'] });
          }}
        />
      )}
      <SecretOnce title={t.secretTitle} hint={t.secretHint} secret={secret} onClose={() => setSecret(null)} />
    </Screen>
  );
}
