import { ActionIcon, AppShell, Burger, Button, Group, Menu, NavLink, Text, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Outlet } from '@tanstack/react-router';
import { commonTexts, LanguageContext, useTexts } from '@tollgate/web';
import { type ReactNode, useContext } from 'react';
import { useCan, useMe } from './me';
import { NAVIGATION } from './navigation';
import { ProductSelect } from './product';
import { SearchBox } from './search-box';
import { session } from './session';
import { shellTexts } from './shell-texts';

/** Frame of all screens. */
export function Shell(): ReactNode {
  const t = useTexts(shellTexts);
  const [opened, { toggle, close }] = useDisclosure();
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <AppShell.Header>
        <Group h="100%" px={{ base: 'xs', sm: 'md' }} justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t.navigation} />
            <Text fw={700} visibleFrom="sm">
              Tollgate
            </Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <SearchBox />
            <ProductSelect />
            <ColorSchemeButton />
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t.navigation}>
        <Navigation onNavigate={close} />
      </AppShell.Navbar>
      <AppShell.Main id="content">
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

function Navigation({ onNavigate }: { onNavigate: () => void }): ReactNode {
  const t = useTexts(shellTexts);
  const can = useCan();
  const visible = NAVIGATION.filter(({ needs }) => can(needs));
  return visible.map(({ to, label }) => (
    <NavLink
      key={to}
      component={Link}
      to={to}
      label={t.nav[label]}
      onClick={onNavigate}
      activeProps={{ 'data-active': true }}
    />
  ));
}

function ColorSchemeButton(): ReactNode {
  const t = useTexts(commonTexts);
  const { toggleColorScheme } = useMantineColorScheme();
  return (
    <ActionIcon variant="default" size="lg" onClick={toggleColorScheme} aria-label={t.colorScheme}>
      ◐
    </ActionIcon>
  );
}

function AccountMenu(): ReactNode {
  const t = useTexts(commonTexts);
  const { email, role } = useMe();
  const { language, setLanguage } = useContext(LanguageContext);
  const other = language === 'en' ? 'de' : 'en';
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" maw={{ base: 64, sm: 220 }} px={{ base: 8, sm: 18 }}>
          <Text truncate size="sm">
            {email}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{role}</Menu.Label>
        <Menu.Item onClick={() => setLanguage(other)}>
          {t.language}: {other === 'de' ? 'Deutsch' : 'English'}
        </Menu.Item>
        <Menu.Item onClick={() => void session.signOut()}>{t.signOut}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
