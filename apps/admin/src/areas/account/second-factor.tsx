import { Button, Code, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { bodyOf, Loaded, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../shell/action-dialog';
import { Panel } from '../../shell/panel';
import { SecretOnce } from '../../shell/secret-once';
import { api } from '../../shell/session';
import { accountTexts } from './account-texts';

const FACTOR = ['second-factor'];

type Dialog = { kind: 'setUp' } | { kind: 'confirm'; secret: string } | { kind: 'disable' };

/** State of the second factor, its set-up and its end. */
export function SecondFactor(): ReactNode {
  const t = useTexts(accountTexts);
  const formats = useFormats();
  const queries = useQueryClient();
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [codes, setCodes] = useState<string | null>(null);
  const query = useQuery({ queryKey: FACTOR, queryFn: () => bodyOf(api.GET('/v1/auth/second-factor')) });
  const close = (): void => setDialog(null);
  const enabled = (recoveryCodes: string[]): void => {
    close();
    setCodes(recoveryCodes.join('\n'));
    void queries.invalidateQueries({ queryKey: FACTOR });
  };
  return (
    <Panel title={t.factor}>
      <Loaded query={query}>
        {({ confirmedAt, recoveryCodesLeft }) => (
          <>
            <Text size="sm">
              {confirmedAt ? t.factorOn(formats.date(confirmedAt), recoveryCodesLeft) : t.factorOff}
            </Text>
            <Group>
              {confirmedAt ? (
                <Button variant="default" onClick={() => setDialog({ kind: 'disable' })}>
                  {t.disable}
                </Button>
              ) : (
                <Button onClick={() => setDialog({ kind: 'setUp' })}>{t.setUp}</Button>
              )}
            </Group>
          </>
        )}
      </Loaded>
      {dialog?.kind === 'setUp' && (
        <SetUp onClose={close} onDone={(secret) => setDialog({ kind: 'confirm', secret })} />
      )}
      {dialog?.kind === 'confirm' && <Confirm secret={dialog.secret} onClose={close} onDone={enabled} />}
      {dialog?.kind === 'disable' && <Disable onClose={close} />}
      <SecretOnce title={t.recoveryTitle} hint={t.recoveryHint} secret={codes} onClose={() => setCodes(null)} />
    </Panel>
  );
}

function SetUp(props: { onClose: () => void; onDone: (secret: string) => void }): ReactNode {
  const t = useTexts(accountTexts);
  const [password, setPassword] = useState('');
  return (
    <ActionDialog
      opened
      title={t.setUp}
      confirm={t.setUp}
      onClose={props.onClose}
      onDone={({ secret }) => props.onDone(secret)}
      run={() => bodyOf(api.POST('/v1/auth/second-factor', { body: { password } }))}
    >
      <Text size="sm">{t.setUpHint}</Text>
      <PasswordInput
        label={t.currentPassword}
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        required
        data-autofocus
      />
    </ActionDialog>
  );
}

function Confirm(props: { secret: string; onClose: () => void; onDone: (codes: string[]) => void }): ReactNode {
  const t = useTexts(accountTexts);
  const [code, setCode] = useState('');
  return (
    <ActionDialog
      opened
      title={t.setUp}
      confirm={t.enable}
      onClose={props.onClose}
      onDone={({ recoveryCodes }) => props.onDone(recoveryCodes)}
      run={() => bodyOf(api.POST('/v1/auth/second-factor/confirm', { body: { code: code.trim() } }))}
    >
      <Stack gap="xs">
        <Text size="sm">{t.enterSecret}</Text>
        <Code block>{props.secret}</Code>
      </Stack>
      <TextInput
        label={t.code}
        autoComplete="one-time-code"
        inputMode="numeric"
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        required
        data-autofocus
      />
    </ActionDialog>
  );
}

function Disable({ onClose }: { onClose: () => void }): ReactNode {
  const t = useTexts(accountTexts);
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  return (
    <ActionDialog
      opened
      dangerous
      title={t.disable}
      confirm={t.disable}
      done={t.disabled}
      invalidates={[FACTOR]}
      onClose={onClose}
      run={() => bodyOf(api.POST('/v1/auth/second-factor/disable', { body: { password, code: code.trim() } }))}
    >
      <Text size="sm">{t.disableHint}</Text>
      <PasswordInput
        label={t.currentPassword}
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        required
      />
      <TextInput label={t.code} value={code} onChange={(event) => setCode(event.currentTarget.value)} required />
    </ActionDialog>
  );
}
