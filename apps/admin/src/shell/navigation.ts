import type { Me } from './me';
import type { shellTexts } from './shell-texts';

type Role = Me['role'];
interface NavigationItem {
  to: string;
  label: keyof (typeof shellTexts)['en']['nav'];
  roles: readonly Role[];
}

const STAFF: readonly Role[] = ['support', 'finance', 'product_admin', 'admin'];
const PRODUCT: readonly Role[] = ['product_admin', 'admin'];
const MONEY: readonly Role[] = ['support', 'finance', 'product_admin', 'admin'];

/** Screens of the navigation and the roles that see them. The API decides what each may read. */
export const NAVIGATION: readonly NavigationItem[] = [
  { to: '/', label: 'overview', roles: STAFF },
  { to: '/customers', label: 'customers', roles: STAFF },
  { to: '/catalogue', label: 'catalogue', roles: STAFF },
  { to: '/invoices', label: 'invoices', roles: MONEY },
  { to: '/payments', label: 'payments', roles: MONEY },
  { to: '/webhooks', label: 'webhooks', roles: PRODUCT },
  { to: '/api-keys', label: 'apiKeys', roles: PRODUCT },
  { to: '/users', label: 'users', roles: ['admin'] },
  { to: '/audit', label: 'audit', roles: ['support', 'product_admin', 'admin'] },
  { to: '/test-clocks', label: 'testClocks', roles: PRODUCT },
  { to: '/settings', label: 'settings', roles: STAFF },
];
