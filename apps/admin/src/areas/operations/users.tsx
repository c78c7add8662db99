import { Badge, Button, Group, Select, Switch, Text, TextInput } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { bodyOf, type Column, commonTexts, DataTable, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../shell/action-dialog';
import { useMe } from '../../shell/me';
import { useProducts } from '../../shell/product';
import { Screen } from '../../shell/screen';
import { api } from '../../shell/session';
import { operationTexts } from './operation-texts';

type User = components['schemas']['UserDto'];

const ROLES = ['user', 'support', 'finance', 'product_admin', 'admin'] as const;

/** Accounts with their roles. */
export function Users(): ReactNode {
  const texts = useTexts(operationTexts);
  const t = texts.users;
  const formats = useFormats();
  const me = useMe();
  const { email } = useSearch({ from: '/users' });
  const navigate = useNavigate({ from: '/users' });
  const [edited, setEdited] = useState<User | null>(null);
  const [reset, setReset] = useState<User | null>(null);
  const find = (value: string): void =>
    void navigate({ search: (now) => ({ ...now, email: value.trim() || undefined }), replace: true });
  const columns: Column<User>[] = [
    { key: 'email', title: t.email, cell: (user) => (user.id === me.id ? `${user.email} (${t.you})` : user.email) },
    { key: 'name', title: texts.name, wide: true, cell: ({ name }) => name },
    { key: 'role', title: t.role, cell: ({ role }) => texts.roles[role] },
    { key: 'product', title: texts.product, wide: true, cell: ({ product }) => product },
    {
      key: 'status',
      title: t.status,
      wide: true,
      cell: ({ active }) => <Badge variant="default">{active ? t.active : t.inactive}</Badge>,
    },
    { key: 'created', title: texts.created, wide: true, cell: ({ createdAt }) => formats.date(createdAt) },
    {
      key: 'actions',
      title: texts.actions,
      // An admin who removes the own role would lock the own account out of the console.
      cell: (user) =>
        user.id !== me.id && (
          <Group gap={4} wrap="nowrap">
            <Button size="compact-xs" variant="default" onClick={() => setEdited(user)}>
              {t.edit}
            </Button>
            <Button size="compact-xs" variant="default" onClick={() => setReset(user)}>
              {t.resetFactor}
            </Button>
          </Group>
        ),
    },
  ];
  return (
    <Screen title={t.title}>
      <TextInput
        label={t.find}
        type="search"
        defaultValue={email ?? ''}
        onBlur={(event) => find(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Enter' && find(event.currentTarget.value)}
        maw={360}
      />
      <DataTable
        label={t.title}
        queryKey={['users', email]}
        read={(cursor) => bodyOf(api.GET('/v1/users', { params: { query: { cursor, email, limit: 50 } } }))}
        columns={columns}
        rowKey={({ id }) => id}
        empty={{ title: t.empty }}
      />
      {edited && <EditAccess user={edited} onClose={() => setEdited(null)} />}
      {reset && <ResetFactor user={reset} onClose={() => setReset(null)} />}
    </Screen>
  );
}

function EditAccess({ user, onClose }: { user: User; onClose: () => void }): ReactNode {
  const texts = useTexts(operationTexts);
  const t = texts.users;
  const { save } = useTexts(commonTexts);
  const products = useProducts() ?? [];
  const [role, setRole] = useState<User['role']>(user.role);
  const [product, setProduct] = useState(user.product);
  const [active, setActive] = useState(user.active);
  const body = {
    ...(active !== user.active && { active }),
    ...((role !== user.role || product !== user.product) && {
      role,
      ...(role === 'product_admin' && product && { product }),
    }),
  };
  return (
    <ActionDialog
      opened
      title={t.editTitle(user.email)}
      confirm={save}
      done={t.saved}
      invalidates={[['users']]}
      onClose={onClose}
      disabled={Object.keys(body).length === 0 || (role === 'product_admin' && !product)}
      run={() => bodyOf(api.PATCH('/v1/users/{id}', { params: { path: { id: user.id } }, body }))}
    >
      <Select
        label={t.role}
        description={t.roleHint}
        data={ROLES.map((value) => ({ value, label: texts.roles[value] }))}
        value={role}
        onChange={(value) => value && setRole(value)}
        allowDeselect={false}
      />
      {role === 'product_admin' && (
        <Select
          label={texts.product}
          description={t.productHint}
          data={products.map(({ key, name }) => ({ value: key, label: name }))}
          value={product}
          onChange={setProduct}
          required
        />
      )}
      <Switch label={t.active} checked={active} onChange={(event) => setActive(event.currentTarget.checked)} />
    </ActionDialog>
  );
}

function ResetFactor({ user, onClose }: { user: User; onClose: () => void }): ReactNode {
  const t = useTexts(operationTexts).users;
  const { reason: label, reasonHint } = useTexts(commonTexts);
  const [reason, setReason] = useState('');
  const params = { path: { id: user.id }, query: { reason } };
  return (
    <ActionDialog
      opened
      dangerous
      title={t.resetFactorTitle(user.email)}
      confirm={t.resetFactor}
      done={t.factorReset}
      onClose={onClose}
      run={() => bodyOf(api.DELETE('/v1/users/{id}/second-factor', { params }))}
    >
      <Text size="sm">{t.resetFactorHint}</Text>
      <TextInput
        label={label}
        description={reasonHint}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        required
      />
    </ActionDialog>
  );
}
