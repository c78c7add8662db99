import { Badge, Button, Group, NumberInput, Text } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { useQueryClient } from '@tanstack/react-query';
import { bodyOf, type Column, DataTable, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../shell/action-dialog';
import { Screen } from '../../shell/screen';
import { SecretOnce } from '../../shell/secret-once';
import { api } from '../../shell/session';
import { CreateApiKey } from './create-api-key';
import { operationTexts } from './operation-texts';

type ApiKey = components['schemas']['ApiKeyDto'];

const KEYS = ['api-keys'];
const DEFAULT_OVERLAP_HOURS = 24;
const SECONDS_PER_HOUR = 3_600;

/** Keys of services: create, rotate, revoke. */
export function ApiKeys(): ReactNode {
  const texts = useTexts(operationTexts);
  const t = texts.keys;
  const formats = useFormats();
  const queries = useQueryClient();
  const [creating, setCreating] = useState(false);
  const [rotated, setRotated] = useState<ApiKey | null>(null);
  const [revoked, setRevoked] = useState<ApiKey | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const show = ({ key }: { key: string }): void => {
    setCreating(false);
    setRotated(null);
    setSecret(key);
    void queries.invalidateQueries({ queryKey: KEYS });
  };
  const columns: Column<ApiKey>[] = [
    { key: 'name', title: texts.name, cell: ({ name }) => name },
    { key: 'key', title: t.key, wide: true, cell: ({ prefix, lastFour }) => `${prefix}…${lastFour}` },
    { key: 'product', title: texts.product, wide: true, cell: ({ product }) => product ?? texts.allProducts },
    {
      key: 'scopes',
      title: t.scopes,
      wide: true,
      cell: ({ scopes }) => (
        <Group gap={4}>
          {scopes.map((scope) => (
            <Badge key={scope} variant="default" tt="none">
              {scope}
            </Badge>
          ))}
        </Group>
      ),
    },
    {
      key: 'used',
      title: t.lastUsed,
      cell: ({ lastUsedAt }) => (lastUsedAt ? formats.relative(lastUsedAt) : t.unused),
    },
    {
      key: 'expires',
      title: t.expires,
      wide: true,
      cell: ({ expiresAt }) => (expiresAt ? formats.date(expiresAt) : t.never),
    },
    {
      key: 'actions',
      title: texts.actions,
      cell: (key) => (
        <Group gap={4} wrap="nowrap">
          <Button size="compact-xs" variant="default" onClick={() => setRotated(key)}>
            {t.rotate}
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => setRevoked(key)}>
            {t.revoke}
          </Button>
        </Group>
      ),
    },
  ];
  return (
    <Screen title={t.title} actions={<Button onClick={() => setCreating(true)}>{t.create}</Button>}>
      <DataTable
        label={t.title}
        queryKey={KEYS}
        read={(cursor) => bodyOf(api.GET('/v1/api-keys', { params: { query: { cursor, limit: 50 } } }))}
        columns={columns}
        rowKey={({ id }) => id}
        empty={{ title: t.empty, hint: t.emptyHint }}
      />
      {creating && <CreateApiKey onClose={() => setCreating(false)} onDone={show} />}
      {rotated && <RotateKey apiKey={rotated} onClose={() => setRotated(null)} onDone={show} />}
      {revoked && <RevokeKey apiKey={revoked} onClose={() => setRevoked(null)} />}
      <SecretOnce title={t.secretTitle} hint={t.secretHint} secret={secret} onClose={() => setSecret(null)} />
    </Screen>
  );
}

function RotateKey(props: {
  apiKey: ApiKey;
  onClose: () => void;
  onDone: (created: components['schemas']['CreatedApiKeyDto']) => void;
}): ReactNode {
  const t = useTexts(operationTexts).keys;
  const [hours, setHours] = useState<number | string>(DEFAULT_OVERLAP_HOURS);
  const { id, name } = props.apiKey;
  return (
    <ActionDialog
      opened
      title={t.rotateTitle(name)}
      confirm={t.rotate}
      onClose={props.onClose}
      onDone={(created) => props.onDone(created)}
      run={() => {
        const body = { overlapSeconds: Math.round(Number(hours) * SECONDS_PER_HOUR) };
        return bodyOf(api.POST('/v1/api-keys/{id}/rotate', { params: { path: { id } }, body }));
      }}
    >
      <Text size="sm">{t.rotateHint}</Text>
      <NumberInput label={t.overlap} value={hours} onChange={setHours} min={0} required />
    </ActionDialog>
  );
}

function RevokeKey({ apiKey: { id, name }, onClose }: { apiKey: ApiKey; onClose: () => void }): ReactNode {
  const t = useTexts(operationTexts).keys;
  return (
    <ActionDialog
      opened
      dangerous
      title={t.revokeTitle(name)}
      confirm={t.revoke}
      done={t.revoked}
      invalidates={[KEYS]}
      onClose={onClose}
      run={() => bodyOf(api.DELETE('/v1/api-keys/{id}', { params: { path: { id } } }))}
    >
      <Text size="sm">{t.revokeHint}</Text>
    </ActionDialog>
  );
}
