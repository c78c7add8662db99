import type { Operation } from './me';
import type { shellTexts } from './shell-texts';

interface NavigationItem {
  to: string;
  label: keyof (typeof shellTexts)['en']['nav'];
  /** Route that the screen needs: without it the screen is not shown. */
  needs: Operation;
}

/** Screens of the navigation. */
export const NAVIGATION: readonly NavigationItem[] = [
  { to: '/', label: 'overview', needs: 'getMrrStats' },
  { to: '/customers', label: 'customers', needs: 'listCustomers' },
  { to: '/catalogue', label: 'catalogue', needs: 'listFeatures' },
  { to: '/invoices', label: 'invoices', needs: 'listInvoices' },
  { to: '/payments', label: 'payments', needs: 'listPayments' },
  { to: '/webhooks', label: 'webhooks', needs: 'listWebhookEndpoints' },
  { to: '/api-keys', label: 'apiKeys', needs: 'listApiKeys' },
  { to: '/users', label: 'users', needs: 'listUsers' },
  { to: '/audit', label: 'audit', needs: 'listAuditLog' },
  { to: '/test-clocks', label: 'testClocks', needs: 'listTestClocks' },
  { to: '/account', label: 'account', needs: 'getMe' },
];
