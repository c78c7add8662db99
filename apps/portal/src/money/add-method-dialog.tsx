import { Button, Modal, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { bodyOf, commonTexts, Loaded, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { SETUP_RETURN } from '../session/setup-return';
import { OWN, useVisit } from '../session/visit';
import { moneyTexts } from './money-texts';

/**
 * Leads to the page of the payment provider. It opens in a new tab: the session is in the memory of this one, and would
 * end if it left the page.
 */
export function AddMethodDialog({ onClose }: { onClose: () => void }): ReactNode {
  const t = useTexts(moneyTexts);
  const common = useTexts(commonTexts);
  const { api, product } = useVisit();
  const [attempt] = useState(() => crypto.randomUUID());
  const [isOpen, setIsOpen] = useState(false);
  const setup = useQuery({
    queryKey: ['setup', attempt],
    queryFn: () => {
      const body = { product, returnUrl: SETUP_RETURN };
      return bodyOf(api.POST('/v1/customers/{customer}/payment-methods/setup', { params: { path: OWN }, body }));
    },
    staleTime: Infinity,
    gcTime: 0,
  });
  return (
    <Modal opened onClose={onClose} title={t.add} closeButtonProps={{ 'aria-label': common.close }}>
      <Stack>
        <Text>{t.addText}</Text>
        <Loaded query={setup} rows={1}>
          {({ url }) => (
            <Button component="a" href={url} target="_blank" rel="noopener noreferrer" onClick={() => setIsOpen(true)}>
              {t.open}
            </Button>
          )}
        </Loaded>
        {isOpen && <Text role="status">{t.waiting}</Text>}
      </Stack>
    </Modal>
  );
}
