import { Badge, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { bodyOf, EmptyState, ErrorState, Loaded, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { useVisit } from '../session/visit';
import { Page } from '../shell/page';
import { detailsTexts } from './details-texts';
import { MailSettings } from './mail-settings';

const PAGE = 50;

/** Newest messages, and the settings of mails for people with an account. */
export function Messages(): ReactNode {
  const t = useTexts(detailsTexts);
  const { dateTime } = useFormats();
  const { api, kind } = useVisit();
  const messages = useQuery({
    queryKey: ['messages'],
    queryFn: () => bodyOf(api.GET('/v1/users/me/notifications', { params: { query: { limit: PAGE } } })),
  });
  return (
    <Page title={t.messages}>
      {kind === 'account' && <MailSettings />}
      <Loaded query={messages}>
        {({ data }) =>
          data.length === 0 ? (
            <EmptyState title={t.noMessages}>{t.noMessagesHint}</EmptyState>
          ) : (
            <>
              {data.some(({ readAt }) => !readAt) && <ReadAll />}
              <Stack component="ul" p={0} m={0} gap="xs" style={{ listStyle: 'none' }}>
                {data.map(({ id, title, text, readAt, createdAt }) => (
                  <Paper key={id} component="li" withBorder p="sm">
                    <Group gap="xs" justify="space-between">
                      <Text fw={600}>{title}</Text>
                      {!readAt && <Badge variant="dot">{t.unread}</Badge>}
                    </Group>
                    <Text size="sm">{text}</Text>
                    <Text size="sm">{dateTime(createdAt)}</Text>
                  </Paper>
                ))}
              </Stack>
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function ReadAll(): ReactNode {
  const t = useTexts(detailsTexts);
  const { api } = useVisit();
  const queries = useQueryClient();
  const read = useMutation({
    mutationFn: () => bodyOf(api.POST('/v1/users/me/notifications/read', { body: {} })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['messages'] }),
  });
  return (
    <Group>
      <Button variant="default" size="xs" loading={read.isPending} onClick={() => read.mutate()}>
        {t.readAll}
      </Button>
      {read.isError && <ErrorState error={read.error} />}
    </Group>
  );
}
