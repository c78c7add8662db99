import { Alert, Button, Code, Group, List, Stack, Text } from '@mantine/core';
import { ApiError, commonTexts, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { catalogueTexts } from '../catalogue-texts';
import { fieldErrorsOf } from './save';

interface SaveProblemProps {
  error: Error | null;
  /** Paths of fields that show their message themselves. */
  shown?: (field: string) => boolean;
  /** Reads the present state after another user changed it. */
  reload?: () => void;
}

/** Why a change was refused: its reason, fields without an input, and the request id. */
export function SaveProblem({ error, shown, reload }: SaveProblemProps): ReactNode {
  const t = useTexts(catalogueTexts);
  const common = useTexts(commonTexts);
  if (!error) return null;
  if (error instanceof ApiError && error.status === 412) return <Stale reload={reload} />;
  const others = Object.entries(fieldErrorsOf(error)).filter(([field]) => !shown?.(field));
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <Alert color="red" role="alert" title={t.notSaved}>
      <Text size="sm">{error.message}</Text>
      {others.length > 0 && (
        <List size="sm">
          {others.map(([field, message]) => (
            <List.Item key={field}>
              <Code>{field}</Code> {message}
            </List.Item>
          ))}
        </List>
      )}
      {requestId && (
        <Text size="xs">
          {common.requestId} <Code>{requestId}</Code>
        </Text>
      )}
    </Alert>
  );
}

function Stale({ reload }: { reload?: () => void }): ReactNode {
  const t = useTexts(catalogueTexts);
  return (
    <Alert color="orange" role="alert" title={t.stale}>
      <Stack gap="xs">
        <Text size="sm">{t.staleHint}</Text>
        {reload && (
          <Group>
            <Button size="xs" variant="default" onClick={reload}>
              {t.reload}
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
}
