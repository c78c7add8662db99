import { defineTexts } from '@tollgate/web';

export const customerTexts = defineTexts(
  { title: 'Customers', empty: 'No customers yet', key: 'Key', name: 'Name', email: 'E-mail', created: 'Created' },
  { title: 'Kunden', empty: 'Noch keine Kunden', key: 'Schlüssel', name: 'Name', email: 'E-Mail', created: 'Angelegt' },
);
