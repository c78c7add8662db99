import { Button, Kbd, Modal } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { commonTexts, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { useCan } from './me';
import { SearchDialog } from './search-dialog';
import { shellTexts } from './shell-texts';

/** Opens the search from every screen: with a click, `/`, or Ctrl+K. */
export function SearchBox(): ReactNode {
  const t = useTexts(shellTexts);
  const common = useTexts(commonTexts);
  const can = useCan();
  const [opened, { open, close }] = useDisclosure();
  const isAllowed = can('search');
  const show = (): void => {
    if (isAllowed) open();
  };
  useHotkeys([['/', show]]);
  // Also while a field has the focus.
  useHotkeys([['mod+K', show]], []);
  if (!isAllowed) return null;
  return (
    <>
      <Button variant="default" onClick={open} rightSection={<Kbd visibleFrom="sm">/</Kbd>} px={{ base: 8, sm: 'sm' }}>
        {t.search}
      </Button>
      <Modal opened={opened} onClose={close} title={t.search} closeButtonProps={{ 'aria-label': common.close }}>
        <SearchDialog onFound={close} />
      </Modal>
    </>
  );
}
