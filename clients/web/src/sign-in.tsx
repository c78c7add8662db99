import { Alert, Button, Center, Paper, PasswordInput, Stack, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { bodyOf } from './api';
import { ApiError } from './api-error';
import type { BrowserSession } from './browser-session';
import { commonTexts } from './common-texts';
import { useTexts } from './texts';

/** Sign-in by single sign-on, or by password and, for accounts that have one, the second factor. */
export function SignIn({ session, title }: { session: BrowserSession; title: string }): ReactNode {
  const t = useTexts(commonTexts);
  const [challenge, setChallenge] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(() => failedSignOn(t));
  const [busy, setBusy] = useState(false);
  // Without an answer the form of the password is shown.
  const { data: methods } = useQuery({
    queryKey: ['sign-in-methods'],
    queryFn: () => bodyOf(session.api.GET('/v1/auth/methods')),
  });

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string): string => fields.get(name) as string;
    setBusy(true);
    setProblem(null);
    try {
      if (challenge) await session.signInWithCode(challenge, text('code').trim());
      else await session.signIn(text('email').trim(), text('password'));
    } catch (error) {
      const required = challengeOf(error);
      if (required) setChallenge(required);
      else setProblem(messageOf(error, t));
      if (error instanceof ApiError && error.code === 'invalid_challenge') setChallenge(null);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder p="xl" w={380} maw="100%">
        <Stack>
          <Title order={1} size="h3">
            {title}
          </Title>
          {problem && (
            <Alert color="red" role="alert">
              {problem}
            </Alert>
          )}
          {methods?.oidc && (
            <Button component="a" href={singleSignOnPath()} variant={methods.password ? 'default' : 'filled'}>
              {t.signInWith(methods.oidc.name)}
            </Button>
          )}
          {methods?.password !== false && (
            <form onSubmit={(event) => void submit(event)}>
              <Stack>
                {challenge ? (
                  <TextInput name="code" label={t.code} required autoFocus autoComplete="one-time-code" key="code" />
                ) : (
                  <>
                    <TextInput name="email" type="email" label={t.email} required autoFocus autoComplete="username" />
                    <PasswordInput name="password" label={t.password} required autoComplete="current-password" />
                  </>
                )}
                <Button type="submit" loading={busy}>
                  {t.signIn}
                </Button>
              </Stack>
            </form>
          )}
        </Stack>
      </Paper>
    </Center>
  );
}

/** Single sign-on leads back to this screen, or to the start from the page of a failed login. */
function singleSignOnPath(): string {
  const { pathname, search } = window.location;
  const returnTo = pathname.endsWith('/sign-in') ? pathname.replace(/sign-in$/, '') : pathname + search;
  return `/v1/auth/oidc/login?${new URLSearchParams({ returnTo }).toString()}`;
}

/** Text for the code of a failed single sign-on, which is in the address; null without one. */
function failedSignOn(t: (typeof commonTexts)['en']): string | null {
  const code = new URLSearchParams(window.location.search).get('error');
  if (code === null || !window.location.pathname.endsWith('/sign-in')) return null;
  const texts: Record<string, string> = t.signOnErrors;
  return Object.hasOwn(texts, code) ? texts[code]! : t.signOnFailed;
}

function challengeOf(error: unknown): string | null {
  if (!(error instanceof ApiError) || error.code !== 'second_factor_required') return null;
  return (error.problem as { challenge?: string } | null)?.challenge ?? null;
}

function messageOf(error: unknown, t: (typeof commonTexts)['en']): string {
  if (!(error instanceof ApiError)) return String(error);
  const known: Record<string, string> = {
    wrong_credentials: t.signInFailed,
    wrong_code: t.codeWrong,
    invalid_challenge: t.codeWrong,
    no_answer: t.unreachable,
  };
  return known[error.code] ?? error.message;
}
