import { Button, Group } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { bodyOf, ErrorState, useTexts } from '@tollgate/web';
import { type ReactNode, useEffect, useState } from 'react';
import { saveFile } from '../../shell/save-file';
import { api } from '../../shell/session';
import { moneyTexts } from './money-texts';

const HEIGHT_PX = 720;

/** The PDF in the page, and as a file. */
export function InvoiceDocument({ id, number }: { id: string; number: string }): ReactNode {
  const t = useTexts(moneyTexts);
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => () => void (address && URL.revokeObjectURL(address)), [address]);
  const read = async (): Promise<Blob> =>
    new Blob([await bodyOf(api.GET('/v1/invoices/{id}.pdf', { params: { path: { id } }, parseAs: 'blob' }))], {
      type: 'application/pdf',
    });
  const show = useMutation({ mutationFn: read, onSuccess: (file) => setAddress(URL.createObjectURL(file)) });
  const save = useMutation({ mutationFn: read, onSuccess: (file) => saveFile(file, `${number}.pdf`) });
  const error = show.error ?? save.error;
  return (
    <>
      <Group>
        <Button variant="default" loading={show.isPending} onClick={() => show.mutate()}>
          {t.showPdf}
        </Button>
        <Button variant="default" loading={save.isPending} onClick={() => save.mutate()}>
          {t.savePdf}
        </Button>
      </Group>
      {error && <ErrorState error={error} />}
      {address && <iframe src={address} title={t.pdfTitle(number)} width="100%" height={HEIGHT_PX} />}
    </>
  );
}
