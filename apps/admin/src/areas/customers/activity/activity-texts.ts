import { defineTexts } from '@tollgate/web';

export const activityTexts = defineTexts(
  {
    title: 'Activity',
    hint: 'Events of this customer on all products, newest first.',
    eventsOf: (customer: string) => `Events of ${customer}`,
    empty: 'No events yet',
    at: 'Time',
    type: 'Event',
    actor: 'Actor',
    product: 'Product',
    reason: 'Reason',
    actors: {
      user: 'User',
      api_key: 'API key',
      portal: 'Customer in the portal',
      system: 'Tollgate',
      anonymous: 'Anonymous',
    },
  },
  {
    title: 'Aktivität',
    hint: 'Ereignisse dieses Kunden in allen Produkten, neueste zuerst.',
    eventsOf: (customer: string) => `Ereignisse von ${customer}`,
    empty: 'Noch keine Ereignisse',
    at: 'Zeit',
    type: 'Ereignis',
    actor: 'Akteur',
    product: 'Produkt',
    reason: 'Grund',
    actors: {
      user: 'Benutzer',
      api_key: 'API-Schlüssel',
      portal: 'Kunde im Portal',
      system: 'Tollgate',
      anonymous: 'Unbekannt',
    },
  },
);
