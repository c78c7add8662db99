import { Button, ColorInput, Group, Paper, SimpleGrid, Text, Textarea, TextInput } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { useQuery } from '@tanstack/react-query';
import { bodyOf, Loaded, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { Panel } from '../../../shell/panel';
import { api } from '../../../shell/session';
import { useChosenProduct } from '../parts/access';
import { SettingsForm } from './settings-form';
import { settingsTexts } from './settings-texts';

type Portal = components['schemas']['PortalSettingsDto'];

/** Look of the portal, and the addresses that it may lead back to. */
export function PortalPanel(): ReactNode {
  const t = useTexts(settingsTexts);
  const key = useChosenProduct();
  const settings = useQuery({
    queryKey: ['catalogue', key, 'portal'],
    queryFn: () => bodyOf(api.GET('/v1/products/{key}/portal', { params: { path: { key } } })),
    refetchOnWindowFocus: false,
  });
  return (
    <Panel title={t.portal}>
      <Loaded query={settings}>{(stored) => <PortalForm stored={stored} />}</Loaded>
    </Panel>
  );
}

const COLORS = ['accent', 'background', 'text'] as const;

function PortalForm({ stored }: { stored: Portal }): ReactNode {
  const t = useTexts(settingsTexts);
  const key = useChosenProduct();
  const [draft, setDraft] = useState(stored);
  const [urls, setUrls] = useState(stored.allowedReturnUrls.join('\n'));
  const set = (change: Partial<Portal>): void => setDraft((now) => ({ ...now, ...change }));
  const save = (): Promise<unknown> => {
    const body = { ...draft, name: draft.name || undefined, allowedReturnUrls: urls.split(/\s+/).filter(Boolean) };
    return bodyOf(api.PUT('/v1/products/{key}/portal', { params: { path: { key } }, body }));
  };
  return (
    <SettingsForm save={save} invalidates={['catalogue', key, 'portal']} shown={isShown}>
      {(errors) => (
        <>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput
              label={t.portalName}
              description={'\u00a0'}
              value={draft.name}
              onChange={({ currentTarget }) => set({ name: currentTarget.value })}
              error={errors.name}
            />
            <TextInput
              label={t.logoUrl}
              description={t.logoHint}
              value={draft.logoUrl ?? ''}
              onChange={({ currentTarget }) => set({ logoUrl: currentTarget.value.trim() || null })}
              error={errors.logoUrl}
            />
          </SimpleGrid>
          <SimpleGrid cols={{ base: 1, sm: 3 }}>
            {COLORS.map((name) => (
              <ColorInput
                withEyeDropper={false}
                key={name}
                label={t[name]}
                value={draft.colors[name]}
                onChange={(color) => set({ colors: { ...draft.colors, [name]: color } })}
                error={errors[`colors.${name}`]}
              />
            ))}
          </SimpleGrid>
          <Preview {...draft} />
          <Textarea
            label={t.allowedReturnUrls}
            description={t.returnHint}
            autosize
            minRows={2}
            value={urls}
            onChange={({ currentTarget }) => setUrls(currentTarget.value)}
            error={returnUrlErrors(errors)}
          />
        </>
      )}
    </SettingsForm>
  );
}

const isShown = (field: string): boolean => /^(name|logoUrl|colors\..+|allowedReturnUrls.*)$/.test(field);

const returnUrlErrors = (errors: Record<string, string>): string | undefined =>
  Object.entries(errors)
    .filter(([field]) => field.startsWith('allowedReturnUrls'))
    .map(([, message]) => message)
    .join(' ') || undefined;

function Preview({ name, colors }: Portal): ReactNode {
  const t = useTexts(settingsTexts);
  return (
    <Paper withBorder p="md" aria-hidden style={{ background: colors.background, color: colors.text }}>
      <Group justify="space-between">
        <Text fw={700}>{name}</Text>
        <Button color={colors.accent} autoContrast tabIndex={-1} component="span">
          {t.preview}
        </Button>
      </Group>
    </Paper>
  );
}
