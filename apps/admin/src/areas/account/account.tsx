import { Button, PasswordInput, Select, SimpleGrid, Switch, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { bodyOf, commonTexts, ErrorState, useTexts } from '@tollgate/web';
import { type FormEvent, type ReactNode, useState } from 'react';
import { meQuery, useMe } from '../../shell/me';
import { Panel } from '../../shell/panel';
import { Screen } from '../../shell/screen';
import { api } from '../../shell/session';
import { accountTexts } from './account-texts';
import { SecondFactor } from './second-factor';

const LANGUAGES = [
  { value: 'en', label: 'English' },
  { value: 'de', label: 'Deutsch' },
];

/** The user's own account: profile, password, second factor. */
export function Account(): ReactNode {
  const t = useTexts(accountTexts);
  return (
    <Screen title={t.title}>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Profile />
        <Password />
        <SecondFactor />
      </SimpleGrid>
    </Screen>
  );
}

function Profile(): ReactNode {
  const t = useTexts(accountTexts);
  const { save } = useTexts(commonTexts);
  const me = useMe();
  const queries = useQueryClient();
  const [name, setName] = useState(me.name ?? '');
  const [language, setLanguage] = useState<'en' | 'de'>(me.language);
  const [mailEnabled, setMailEnabled] = useState(me.mailEnabled);
  const update = useMutation({
    mutationFn: () => bodyOf(api.PATCH('/v1/users/me', { body: { name, language, mailEnabled } })),
    onSuccess: (changed) => {
      queries.setQueryData(meQuery.queryKey, (now) => now && { ...now, ...changed });
      notifications.show({ message: t.saved, color: 'teal' });
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    update.mutate();
  };
  return (
    <Panel title={t.profile}>
      <form onSubmit={submit}>
        <TextInput label={t.email} value={me.email} readOnly />
        <TextInput label={t.name} value={name} onChange={(event) => setName(event.currentTarget.value)} mt="sm" />
        <Select
          label={t.mailLanguage}
          data={LANGUAGES}
          value={language}
          onChange={(value) => value && setLanguage(value as 'en' | 'de')}
          allowDeselect={false}
          mt="sm"
        />
        <Switch
          label={t.mails}
          checked={mailEnabled}
          onChange={(event) => setMailEnabled(event.currentTarget.checked)}
          mt="sm"
        />
        <Button type="submit" loading={update.isPending} mt="md">
          {save}
        </Button>
        {update.isError && <ErrorState error={update.error} />}
      </form>
    </Panel>
  );
}

function Password(): ReactNode {
  const t = useTexts(accountTexts);
  const [currentPassword, setCurrent] = useState('');
  const [newPassword, setNew] = useState('');
  const change = useMutation({
    mutationFn: () => bodyOf(api.POST('/v1/auth/change-password', { body: { currentPassword, newPassword } })),
    onSuccess: () => {
      setCurrent('');
      setNew('');
      notifications.show({ message: t.passwordChanged, color: 'teal' });
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <Panel title={t.password}>
      <form onSubmit={submit}>
        <PasswordInput
          label={t.currentPassword}
          autoComplete="current-password"
          value={currentPassword}
          onChange={(event) => setCurrent(event.currentTarget.value)}
          required
        />
        <PasswordInput
          label={t.newPassword}
          description={t.newPasswordHint}
          autoComplete="new-password"
          value={newPassword}
          onChange={(event) => setNew(event.currentTarget.value)}
          required
          mt="sm"
        />
        <Button type="submit" loading={change.isPending} mt="md">
          {t.changePassword}
        </Button>
        {change.isError && <ErrorState error={change.error} />}
      </form>
    </Panel>
  );
}
