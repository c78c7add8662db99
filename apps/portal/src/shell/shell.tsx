import {
  ActionIcon,
  Anchor,
  Box,
  Button,
  Container,
  Group,
  Image,
  ScrollArea,
  Text,
  useMantineColorScheme,
} from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { commonTexts, EmptyState, LanguageContext, useTexts } from '@tollgate/web';
import { type ReactNode, useContext, useEffect, useRef } from 'react';
import { useLook } from '../brand/look';
import { useVisit } from '../session/visit';
import { shellTexts } from './shell-texts';

const PAGES = [
  { to: '/', label: 'overview' },
  { to: '/plans', label: 'plans' },
  { to: '/invoices', label: 'invoices' },
  { to: '/payment', label: 'payment' },
  { to: '/details', label: 'details' },
  { to: '/messages', label: 'messages' },
] as const;

/** Frame of all pages: the brand of the product, the link back to it, and the navigation. */
export function Shell(): ReactNode {
  return (
    <Container size="md" px="md" pb="xl">
      <Box component="header" py="md">
        <Group justify="space-between" gap="sm">
          <Brand />
          <Controls />
        </Group>
        <BackLink />
      </Box>
      <Navigation />
      <Box component="main" id="content" pt="lg">
        <Outlet />
      </Box>
    </Container>
  );
}

function Brand(): ReactNode {
  const look = useLook();
  if (!look) return <Box h={32} />;
  return (
    <Group gap="sm" wrap="nowrap" miw={0}>
      {look.logoUrl && (
        <Image src={look.logoUrl} alt="" h={32} w="auto" maw={120} fit="contain" referrerPolicy="no-referrer" />
      )}
      <Text fw={700} size="lg" truncate>
        {look.name}
      </Text>
    </Group>
  );
}

function BackLink(): ReactNode {
  const t = useTexts(shellTexts);
  const look = useLook();
  const { returnUrl } = useVisit();
  if (!returnUrl || !look) return null;
  return (
    <Anchor href={returnUrl} rel="noreferrer" size="sm" underline="always">
      ← {t.back(look.name)}
    </Anchor>
  );
}

function Controls(): ReactNode {
  const t = useTexts(shellTexts);
  const common = useTexts(commonTexts);
  const visit = useVisit();
  const { language, setLanguage } = useContext(LanguageContext);
  const { toggleColorScheme } = useMantineColorScheme();
  const end = useMutation({ mutationFn: visit.end });
  return (
    <Group gap="xs" wrap="nowrap">
      <Button
        variant="default"
        size="xs"
        lang={language === 'en' ? 'de' : 'en'}
        onClick={() => setLanguage(language === 'en' ? 'de' : 'en')}
      >
        {t.otherLanguage}
      </Button>
      <ActionIcon variant="default" size={30} onClick={toggleColorScheme} aria-label={common.colorScheme}>
        ◐
      </ActionIcon>
      <Button variant="default" size="xs" loading={end.isPending} onClick={() => end.mutate()}>
        {visit.kind === 'account' ? common.signOut : t.end}
      </Button>
    </Group>
  );
}

function Navigation(): ReactNode {
  const t = useTexts(shellTexts);
  const { pathname } = useLocation();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a phone the current page may be beyond the edge.
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' });
  }, [pathname]);
  return (
    <ScrollArea type="never" component="nav" aria-label={t.pages} ref={list}>
      <Group gap={4} wrap="nowrap">
        {PAGES.map(({ to, label }) => (
          <Button
            key={to}
            size="sm"
            px="sm"
            variant="default"
            style={{ flexShrink: 0 }}
            component={Link}
            to={to}
            activeOptions={{ exact: true }}
            activeProps={ACTIVE}
          >
            {t.nav[label]}
          </Button>
        ))}
      </Group>
    </ScrollArea>
  );
}

/** The current page is marked for the eye and for screen readers. */
const ACTIVE = {
  'aria-current': 'page',
  style: {
    borderColor: 'var(--mantine-primary-color-filled)',
    boxShadow: '0 2px 0 var(--mantine-primary-color-filled)',
  },
} as const;

export function NotFound(): ReactNode {
  return <EmptyState title={useTexts(shellTexts).notFound} />;
}
