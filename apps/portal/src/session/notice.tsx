import { Anchor, Center, Paper, Stack, Text, Title } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { entryTexts } from './entry-texts';

interface NoticeProps {
  title: string;
  text: string;
  /** Address to go back to, or null: the text says where the pages are opened. Left out: there is nothing to open. */
  returnUrl?: string | null;
  children?: ReactNode;
}

/** A page without session: the reason, and the next step. */
export function Notice({ title, text, returnUrl, children }: NoticeProps): ReactNode {
  const t = useTexts(entryTexts);
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder p="xl" w={440} maw="100%">
        <Stack>
          <Title order={1} size="h3">
            {title}
          </Title>
          <Text>{text}</Text>
          {returnUrl === null && <Text>{t.again}</Text>}
          {returnUrl && (
            <Anchor href={returnUrl} rel="noreferrer" underline="always">
              {t.back(new URL(returnUrl).host)}
            </Anchor>
          )}
          {children}
        </Stack>
      </Paper>
    </Center>
  );
}
