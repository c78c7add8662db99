import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import type { operations } from '@tollgate/schema';
import { bodyOf, ErrorState, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { saveFile } from '../../shell/save-file';
import { api } from '../../shell/session';
import { operationTexts } from './operation-texts';

type Query = NonNullable<operations['exportAuditLog']['parameters']['query']>;

/** Saves the entries of the filters as CSV. */
export function AuditExport({ query }: { query: Query }): ReactNode {
  const t = useTexts(operationTexts).audit;
  const save = useMutation({
    mutationFn: () =>
      bodyOf(api.GET('/v1/audit-log/export', { params: { query: { ...query, format: 'csv' } }, parseAs: 'blob' })),
    onSuccess: (file) => saveFile(file, 'audit-log.csv'),
    onError: (error) => notifications.show({ message: <ErrorState error={error} />, color: 'red' }),
  });
  return (
    <Button variant="default" loading={save.isPending} onClick={() => save.mutate()}>
      {t.export}
    </Button>
  );
}
