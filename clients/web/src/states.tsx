import { Alert, Button, Center, Code, Group, Skeleton, Stack, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiError } from './api-error';
import { commonTexts } from './common-texts';
import { useTexts } from './texts';

/** An error with the detail of the problem, its code, and the request id for the operators. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }): ReactNode {
  const t = useTexts(commonTexts);
  const { message, code, requestId } = describe(error);
  return (
    <Alert color="red" title={t.failed} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{message}</Text>
        <Group gap="xs">
          <Code>{code}</Code>
          {requestId && (
            <Text size="xs">
              {t.requestId} <Code>{requestId}</Code>
            </Text>
          )}
        </Group>
        {retry && (
          <Button size="xs" variant="default" onClick={retry}>
            {t.retry}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

function describe(error: unknown): { message: string; code: string; requestId: string | null } {
  if (error instanceof ApiError) return error;
  return { message: error instanceof Error ? error.message : String(error), code: 'page_error', requestId: null };
}

/** A list or a panel without content, with the next step for the user. */
export function EmptyState({ title, children }: { title: string; children?: ReactNode }): ReactNode {
  return (
    <Center py="xl">
      <Stack gap="xs" align="center" maw={420}>
        <Text fw={600}>{title}</Text>
        {children && (
          <Text size="sm" c="dimmed" ta="center" component="div">
            {children}
          </Text>
        )}
      </Stack>
    </Center>
  );
}

/** Placeholder of content that is being loaded. */
export function LoadingState({ rows = 4 }: { rows?: number }): ReactNode {
  const t = useTexts(commonTexts);
  return (
    <Stack gap="sm" role="status" aria-label={t.loading}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={18} />
      ))}
    </Stack>
  );
}

/**
 * Content of a read, or its loading or error state.
 * @example <Loaded query={plan}>{(plan) => <Title>{plan.name}</Title>}</Loaded>
 */
export function Loaded<T>({
  query,
  rows,
  children,
}: {
  query: UseQueryResult<T>;
  rows?: number;
  children: (data: T) => ReactNode;
}): ReactNode {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return <LoadingState rows={rows} />;
}
