import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ApiError, bodyOf, Loaded, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { useVisit } from '../session/visit';
import { Amounts } from '../shell/amounts';
import { Panel } from '../shell/panel';
import type { Subscription } from '../shell/reads';
import { overviewTexts } from './overview-texts';

/** The invoice that comes next, with the usage up to now. */
export function NextInvoice({ subscription: { id } }: { subscription: Subscription }): ReactNode {
  const t = useTexts(overviewTexts);
  const { date } = useFormats();
  const { api } = useVisit();
  const preview = useQuery({
    queryKey: ['next-invoice', id],
    queryFn: () => bodyOf(api.POST('/v1/invoices/preview', { body: { subscription: id } })),
  });
  // The product charges its customers without this service.
  if (preview.error instanceof ApiError && preview.error.code === 'billing_off') return null;
  const invoice = preview.data?.invoice;
  return (
    <Panel title={t.next} actions={invoice && <Text size="sm">{t.nextOn(date(invoice.billedAt))}</Text>}>
      <Loaded query={preview}>
        {({ invoice: next }) => (next ? <Amounts invoice={next} /> : <Text>{t.nextNone}</Text>)}
      </Loaded>
    </Panel>
  );
}
