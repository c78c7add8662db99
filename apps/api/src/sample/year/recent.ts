import { command, type Life, PRODUCT } from './lives.js';
import { daysAfter, monthsAfter, type Span } from './span.js';
import type { Step } from './step.js';
import type { Untouched } from './untouched.js';

/** Pays each month by card, without a trial before. */
const isCharged = ({ plan, interval, transfers }: Life): boolean =>
  plan !== 'team' && interval === 'month' && !transfers;

/** The renewal of a monthly customer that is the last one before an instant; null before the first one. */
function renewalBefore({ startsAt }: Life, instant: Date): Date | null {
  let last: Date | null = null;
  for (let month = 1; monthsAfter(startsAt, month) < instant; month++) last = monthsAfter(startsAt, month);
  return last;
}

const renewsWithin =
  (from: Date, to: Date) =>
  (life: Life): boolean => {
    const renewal = renewalBefore(life, to);
    return isCharged(life) && renewal !== null && renewal >= from;
  };

/** Cards of the dunning that is under way. */
const RECENT_CARDS = ['declined', 'declined_hard', 'requires_action', 'declined', 'declined', 'declined'] as const;

/** Cards that decline: dunning that has ended the subscription, that a new card has ended, and that is under way. */
export function unpaid(untouched: Untouched, year: Span): Step[] {
  const ago = (days: number): Date => daysAfter(year.end, -days);
  const declines = (life: Life, before: Date, card: 'declined' | 'declined_hard' | 'requires_action' | 'disputed') => ({
    at: daysAfter(renewalBefore(life, before)!, -1.5),
    customer: life.company.key,
    card,
  });
  const lost = [
    ...untouched.take(2, renewsWithin(ago(200), ago(120))),
    ...untouched.take(2, renewsWithin(ago(60), ago(20))),
  ];
  for (const life of lost) life.until = daysAfter(renewalBefore(life, life.until)!, 8);
  const recovered = untouched.take(3, renewsWithin(ago(110), ago(60)));
  const recent = renewsWithin(ago(6), ago(0.5));
  return [
    ...lost.map((life, index) => declines(life, ago(index < 2 ? 120 : 20), 'declined')),
    ...recovered.flatMap((life) => {
      const failing = declines(life, ago(60), 'declined');
      return [failing, { ...failing, at: daysAfter(failing.at, 4.5), card: 'succeeds' as const }];
    }),
    ...untouched.take(6, recent).map((life, index) => declines(life, ago(0.5), RECENT_CARDS[index]!)),
    ...untouched.take(1, renewsWithin(ago(30), ago(10))).map((life) => declines(life, ago(10), 'disputed')),
  ];
}

/** The last weeks: cancellations that take effect later, pauses, denied usage. */
export function recent(untouched: Untouched, year: Span): Step[] {
  const ago = (days: number): Date => daysAfter(year.end, -days);
  const old = (life: Life): boolean => life.startsAt < ago(60) && !life.transfers;
  const ending = untouched.take(4, old);
  const paused = untouched.take(3, (life) => old(life) && life.interval === 'month');
  for (const life of paused) life.until = ago(9);
  const reasons = [
    'Too expensive for the size of our team',
    'Moved to a competitor',
    'The project has ended',
    'No reason given',
  ];
  const denied = untouched.take(6, old);
  return [
    ...ending.map((life, index) =>
      command(life, ago(6 - index), 'cancel', { when: 'period_end', reason: reasons[index] }),
    ),
    ...paused.map((life, index) => command(life, ago(9 - index), 'pause', { reason: 'The office is closed' })),
    ...[...denied, ...paused].flatMap(({ company: { key } }, index) =>
      [5, 3, 1].map((days) => ({
        at: ago(days - index / 24),
        customer: key,
        method: 'POST' as const,
        path: '/v1/usage/consume',
        body: { customer: key, product: PRODUCT, feature: index % 2 ? 'storage_gb' : 'seats', quantity: 900 },
      })),
    ),
  ];
}
