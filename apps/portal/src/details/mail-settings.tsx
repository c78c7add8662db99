import { Checkbox, NativeSelect, Stack, Switch } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { components } from '@tollgate/schema';
import { bodyOf, ErrorState, Loaded, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { useVisit } from '../session/visit';
import { Panel } from '../shell/panel';
import { detailsTexts } from './details-texts';

type Settings = components['schemas']['UpdateMeDto'];

const KINDS = ['subscription', 'renewal', 'payment', 'reminder', 'usage'] as const;

/** Mails of an account: on or off, their kinds and their language. Each choice is saved immediately. */
export function MailSettings(): ReactNode {
  const t = useTexts(detailsTexts);
  const { api } = useVisit();
  const queries = useQueryClient();
  const me = useQuery({ queryKey: ['me'], queryFn: () => bodyOf(api.GET('/v1/users/me')) });
  const save = useMutation({
    mutationFn: (body: Settings) => bodyOf(api.PATCH('/v1/users/me', { body })),
    onSuccess: (saved) => {
      notifications.show({ message: t.settingsSaved, color: 'teal' });
      queries.setQueryData(['me'], saved);
    },
  });
  return (
    <Panel title={t.mails}>
      <Loaded query={me}>
        {({ mailEnabled, mutedMails, language }) => (
          <Stack>
            <Switch
              label={t.mailsOn}
              checked={mailEnabled}
              disabled={save.isPending}
              onChange={({ currentTarget }) => save.mutate({ mailEnabled: currentTarget.checked })}
            />
            {mailEnabled &&
              KINDS.map((kind) => (
                <Checkbox
                  key={kind}
                  label={t.kinds[kind]}
                  checked={!mutedMails.includes(kind)}
                  disabled={save.isPending}
                  onChange={({ currentTarget }) => {
                    const others = mutedMails.filter((one) => one !== kind);
                    save.mutate({ mutedMails: currentTarget.checked ? others : [...others, kind] });
                  }}
                />
              ))}
            <NativeSelect
              label={t.mailLanguage}
              data={[
                { value: 'en', label: t.languages.en },
                { value: 'de', label: t.languages.de },
              ]}
              value={language}
              disabled={save.isPending}
              onChange={({ currentTarget }) => save.mutate({ language: currentTarget.value as 'en' | 'de' })}
            />
          </Stack>
        )}
      </Loaded>
      {save.isError && <ErrorState error={save.error} />}
    </Panel>
  );
}
