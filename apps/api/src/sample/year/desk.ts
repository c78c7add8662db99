import { command, type Life, PRODUCT } from './lives.js';
import type { Untouched } from './untouched.js';
import { daysAfter, monthsAfter, type Span } from './span.js';
import type { Doer, RequestStep, Step } from './step.js';

const post = (at: Date, customer: string, by: Doer, path: string, body: object): RequestStep => ({
  at,
  customer,
  by,
  method: 'POST',
  path,
  body,
});

/** A customer that pays by card and began long before a day of the last months; each is taken once. */
const taker =
  (untouched: Untouched, year: Span) =>
  (days: number): Life =>
    untouched.take(1, ({ transfers, startsAt }) => !transfers && startsAt < daysAfter(year.end, -days - 50))[0]!;

/** The work of support: units given, limits raised, a period extended. */
export function support(untouched: Untouched, year: Span): Step[] {
  const ago = (days: number): Date => daysAfter(year.end, -days);
  const take = taker(untouched, year);
  const grant = (days: number, quantity: number, reason: string): Step => {
    const { key } = take(days).company;
    const body = { product: PRODUCT, feature: 'requests', quantity, expiresAt: ago(days - 120).toISOString(), reason };
    return post(ago(days), key, 'support', `/v1/customers/${key}/grants`, body);
  };
  const override = (days: number, limit: number, reason: string): Step => {
    const { key } = take(days).company;
    const body = { product: PRODUCT, limit, window: 'none', overage: 'deny', reason };
    return { ...post(ago(days), key, 'support', `/v1/customers/${key}/overrides/storage_gb`, body), method: 'PUT' };
  };
  const extension = { to: ago(-40).toISOString(), reason: 'Delayed start of the project' };
  return [
    grant(100, 5_000, 'Compensation for an outage'),
    grant(45, 2_000, 'Import of old data'),
    grant(20, 10_000, 'Launch week'),
    grant(3, 1_500, 'Events were counted twice'),
    override(80, 250, 'Agreed until the renewal'),
    override(12, 400, 'Migration from another system'),
    { ...command(take(15), ago(15), 'extend', extension), by: 'support' },
  ];
}

/** The work of finance: credit notes, refunds, transfers, an invoice that is void, and drafts by hand. */
export function finance(all: Life[], untouched: Untouched, year: Span): Step[] {
  const ago = (days: number): Date => daysAfter(year.end, -days);
  const take = taker(untouched, year);
  const credit = (days: number, to: 'refund' | 'balance', amount: number, reason: string): Step =>
    post(ago(days), take(days).company.key, 'finance', '/v1/invoices/{paid}/credit-notes', { amount, to, reason });
  const lines = [{ description: 'Training of two hours, on site', quantity: 2, unitAmount: 12_000 }];
  const draft = ({ company: { key } }: Life, days: number): Step =>
    post(ago(days), key, 'backend', '/v1/invoices', { customer: key, product: PRODUCT, currency: 'EUR', lines });
  const transferring = all.filter(({ transfers }) => transfers);
  const wrong = transferring[0]!;
  return [
    credit(150, 'refund', 500, 'Charged twice by mistake'),
    credit(90, 'balance', 800, 'Outage of a day'),
    credit(40, 'refund', 1_000, 'The agreed discount was missing'),
    credit(10, 'balance', 450, 'Wrong number of seats'),
    credit(2, 'refund', 700, 'Withdrawal within 14 days'),
    draft(take(4), 4),
    draft(take(1), 1),
    ...transferring.flatMap((life) => transfersOf(life, year)),
    draft(wrong, 30),
    post(ago(29.9), wrong.company.key, 'finance', '/v1/invoices/{draft}/finalize', { reason: 'Requested by sales' }),
    post(ago(29.8), wrong.company.key, 'finance', '/v1/invoices/{open}/void', { reason: 'Sent to the wrong company' }),
  ];
}

/** Each invoice is paid by a transfer after eight days; the newest ones are open, one of them overdue. */
function transfersOf({ company: { key }, startsAt, interval, plan }: Life, year: Span): Step[] {
  const steps: Step[] = [];
  const first = plan === 'team' ? daysAfter(startsAt, 14) : startsAt;
  for (let month = 0; interval === 'month' || month === 0; month++) {
    const at = daysAfter(monthsAfter(first, month), 8);
    if (at > daysAfter(year.end, -25)) break;
    steps.push(
      post(at, key, 'finance', '/v1/invoices/{open}/mark-paid', {
        reference: `TRANSFER ${at.toISOString().slice(0, 10)}`,
        reason: 'Bank statement',
      }),
    );
  }
  return steps;
}

/** Nothing listens there, and only this load may send there: a later attempt is blocked, without a connection. */
const ENDPOINT = {
  url: 'http://127.0.0.1:49151/hooks',
  description: 'Billing backend, which is down',
  types: ['invoice.*', 'payment.*', 'subscription.canceled'],
};

/** The work on the catalogue and on webhooks: a dearer version, a move of its subscriptions, and a draft that waits. */
export function catalogue(year: Span): Step[] {
  const at = daysAfter(year.start, 275);
  const step = (days: number, method: 'POST' | 'PATCH', path: string, body: object): RequestStep => ({
    at: daysAfter(at, days),
    customer: '',
    by: 'admin',
    method,
    path,
    body: { product: PRODUCT, ...body },
  });
  const price = (interval: string, amount: number): object => ({ interval, amount, currency: 'EUR' });
  return [
    step(0, 'PATCH', '/v1/plans/team', { prices: [price('month', 1_400), price('year', 14_000)] }),
    step(0.1, 'POST', '/v1/plans/team/publish', {}),
    step(0.2, 'POST', '/v1/plans/team/moves', { when: 'period_end', reason: 'Prices of the new year' }),
    { ...step(88.5, 'POST', '/v1/webhook-endpoints', ENDPOINT), by: 'backend' },
    step(88, 'PATCH', '/v1/plans/scale', { prices: [price('month', 10_900), price('year', 109_000)] }),
  ];
}
