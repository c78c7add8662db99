import type { Random } from './random.js';

/** A customer of the sample, as its profile shows it. */
export interface Company {
  key: string;
  name: string;
  email: string;
  city: string;
  postalCode: string;
  street: string;
  country: string;
  timezone: string;
}

const FIRST = [
  'Amber',
  'Birch',
  'Cedar',
  'Delta',
  'Ember',
  'Falcon',
  'Granite',
  'Harbor',
  'Indigo',
  'Juniper',
  'Kestrel',
  'Lumen',
  'Maple',
  'Nimbus',
  'Orchard',
  'Pioneer',
  'Quarry',
  'Raven',
  'Summit',
  'Tidal',
];
const SECOND = ['Analytics', 'Logistics', 'Robotics', 'Studio', 'Health'];
const FORMS: Record<string, string> = { DE: 'GmbH', AT: 'GmbH', FR: 'SARL', NL: 'B.V.', ES: 'S.L.', IE: 'Ltd' };
const PLACES = [
  { city: 'Hamburg', postalCode: '20095', street: 'Hafenstraße', country: 'DE', timezone: 'Europe/Berlin' },
  { city: 'München', postalCode: '80331', street: 'Gartenweg', country: 'DE', timezone: 'Europe/Berlin' },
  { city: 'Leipzig', postalCode: '04109', street: 'Lindenallee', country: 'DE', timezone: 'Europe/Berlin' },
  { city: 'Wien', postalCode: '1010', street: 'Ringgasse', country: 'AT', timezone: 'Europe/Vienna' },
  { city: 'Lyon', postalCode: '69002', street: 'Rue du Port', country: 'FR', timezone: 'Europe/Paris' },
  { city: 'Utrecht', postalCode: '3511', street: 'Kanaalweg', country: 'NL', timezone: 'Europe/Amsterdam' },
  { city: 'Valencia', postalCode: '46001', street: 'Calle Mayor', country: 'ES', timezone: 'Europe/Madrid' },
  { city: 'Dublin', postalCode: 'D02 AF30', street: 'Mill Street', country: 'IE', timezone: 'Europe/Dublin' },
];
const PEOPLE = ['anna', 'ben', 'clara', 'david', 'elena', 'felix', 'greta', 'hugo', 'ines', 'jonas', 'karla', 'leon'];

/** Company number `index`; each name exists once. The domains end in `.example`, which no mail server has. */
export function company(index: number, random: Random): Company {
  const first = FIRST[index % FIRST.length]!;
  const second = SECOND[Math.floor(index / FIRST.length) % SECOND.length]!;
  const place = random.pick(PLACES);
  const key = `${first}-${second}`.toLowerCase();
  return {
    ...place,
    key,
    name: `${first} ${second} ${FORMS[place.country]}`,
    email: `${random.pick(PEOPLE)}@${key}.example`,
    street: `${place.street} ${random.between(1, 90)}`,
  };
}
