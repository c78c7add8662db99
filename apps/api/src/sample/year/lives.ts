import { type Company, company } from './companies.js';
import { daysAfter, type Span } from './span.js';
import type { Random } from './random.js';
import type { RequestStep, Step } from './step.js';

export const PRODUCT = 'cloud';

/** How a customer begins. */
export interface Life {
  company: Company;
  startsAt: Date;
  plan: 'starter' | 'team' | 'scale';
  interval: 'month' | 'year';
  seats: number;
  /** Pays sent invoices by bank transfer; others by card. */
  transfers: boolean;
  /** Requests of a usual day. */
  requests: number;
  /** When it uses the product no more. */
  until: Date;
}

/** Starts in each of the twelve months: more at the beginning, so that early months have changes too. */
const STARTS = [14, 8, 8, 8, 7, 8, 8, 8, 7, 8, 8, 4];
export const CUSTOMERS = 100;
/** The customer whose portal the start links to. */
export const PORTAL_CUSTOMER = 'birch-analytics';
/** Days of the year on which the trials begin that end within the week after it. */
const TRIAL_STARTS = [351.2, 352.3, 354.1, 355.4];
const OFFERS = [
  { plan: 'starter', interval: 'month' },
  { plan: 'team', interval: 'month' },
  { plan: 'scale', interval: 'month' },
  { plan: 'starter', interval: 'month' },
  { plan: 'team', interval: 'month' },
  { plan: 'starter', interval: 'month' },
  { plan: 'team', interval: 'year' },
  { plan: 'scale', interval: 'year' },
] as const;
/** Requests of a day: some months are beyond what the plan includes. */
const REQUESTS = { starter: [15, 50], team: [60, 150], scale: [150, 420] } as const;

/** The customers of the year, by their start; the last ones are in a trial that ends within a week. */
export function lives(year: Span, random: Random): Life[] {
  const days = STARTS.flatMap((count, month) =>
    Array.from({ length: count }, (_, nth) => month * 30.4 + Math.floor(((nth + random.next()) * 30) / count)),
  );
  const usual = days.map((day, index) => ({ day, ...OFFERS[index % OFFERS.length]! }));
  const trials = TRIAL_STARTS.map((day) => ({ day, plan: 'team', interval: 'month' }) as const);
  return [...usual, ...trials].map(({ day, plan, interval }, index) => {
    const [low, high] = REQUESTS[plan];
    return {
      plan,
      interval,
      company: company(index, random),
      startsAt: daysAfter(year.start, day + random.between(7 * 60, 17 * 60) / 1_440),
      seats: plan === 'team' ? random.between(2, 12) : 1,
      transfers: index % 17 === 5,
      requests: random.between(low, high),
      until: year.end,
    };
  });
}

/** The steps with which a customer begins: its profile, its card, its subscription, its seats and its first files. */
export function beginning(life: Life, random: Random): Step[] {
  const { company: of, startsAt: at, plan, interval, seats, transfers } = life;
  const customer = of.key;
  const path = `/v1/customers/${customer}`;
  const { street: line1, postalCode, city, country, name } = of;
  const profile = {
    name,
    address: { line1, postalCode, city, country },
    collection: transfers ? 'send_invoice' : undefined,
  };
  const coupon = plan === 'starter' && random.chance(0.4) ? 'welcome' : undefined;
  const put = { name, email: of.email, region: country, timezone: of.timezone, currency: 'EUR' };
  const consume = (feature: string, quantity: number): Step => ({
    at,
    customer,
    method: 'POST',
    path: '/v1/usage/consume',
    body: { customer, product: PRODUCT, feature, quantity },
  });
  return [
    { at, customer, method: 'PUT', path, body: { ...put, product: PRODUCT, plan, interval, coupon } },
    { at, customer, method: 'PUT', path: `${path}/billing-profile`, body: profile },
    ...(transfers ? [] : [{ at, customer, card: 'succeeds' as const }]),
    ...(seats > 1 ? [change(life, at, { quantity: seats })] : []),
    consume('storage_gb', random.between(5, 45)),
    consume('seats', Math.min(seats, 3)),
  ];
}

/** A change of the subscription. */
export const change = ({ company: { key } }: Life, at: Date, body: object): RequestStep => ({
  at,
  customer: key,
  method: 'POST',
  path: '/v1/subscriptions/{subscription}/change',
  body: { when: 'now', ...body },
});

/** Another command on the subscription, such as `cancel`. */
export const command = ({ company: { key } }: Life, at: Date, name: string, body: object = {}): RequestStep => ({
  at,
  customer: key,
  method: 'POST',
  path: `/v1/subscriptions/{subscription}/${name}`,
  body,
});

/** The add-on of the product, with a quantity. */
export const putAddOn = (life: Life, at: Date, quantity: number): Step => ({
  ...command(life, at, 'add-ons/more-storage', { quantity }),
  method: 'PUT',
});
