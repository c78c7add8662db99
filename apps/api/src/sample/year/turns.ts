import { change, command, type Life, putAddOn } from './lives.js';
import type { Random } from './random.js';
import { daysAfter, type Span } from './span.js';
import type { Step } from './step.js';

/** A turn in the life of a customer. */
interface Turn {
  fits: (life: Life) => boolean;
  steps: (life: Life, at: Date, random: Random) => Step[];
}

const LEAVING = [
  'Too expensive for the size of our team',
  'Moved to a competitor',
  'A feature is missing: export to the warehouse',
  'The project has ended',
  'Switched to an own solution',
  'The service was too slow in spring',
];

const isMonthly = ({ interval }: Life): boolean => interval === 'month';

const expand: Turn = {
  fits: () => true,
  steps: (life, at, random) => {
    if (life.plan === 'team') return [change(life, at, { quantity: life.seats + random.between(2, 8) })];
    if (life.plan === 'scale') return [putAddOn(life, at, random.between(1, 3))];
    const to = random.chance(0.6) ? { plan: 'team', quantity: random.between(3, 9) } : { plan: 'scale' };
    return [change(life, at, to)];
  },
};

const contract: Turn = {
  fits: ({ plan }) => plan !== 'starter',
  steps: (life, at) =>
    life.plan === 'team'
      ? [change(life, at, { quantity: Math.ceil(life.seats / 2) })]
      : [change(life, at, { plan: 'starter', interval: 'month' })],
};

const leave: Turn = {
  fits: isMonthly,
  steps: (life, at, random) => {
    life.until = at;
    return [command(life, at, 'cancel', { when: 'period_end', reason: random.pick(LEAVING) })];
  },
};

const leaveNow: Turn = {
  fits: () => true,
  steps: (life, at, random) => {
    life.until = at;
    return [command(life, at, 'cancel', { when: 'now', prorate: true, reason: random.pick(LEAVING) })];
  },
};

const hesitate: Turn = {
  fits: isMonthly,
  steps: (life, at) => [
    command(life, at, 'cancel', { when: 'period_end', reason: 'The budget is being reviewed' }),
    command(life, new Date(at.getTime() + 3_600_000), 'resume', { reason: 'The budget was approved' }),
  ],
};

const pause: Turn = {
  fits: isMonthly,
  steps: (life, at) => [
    command(life, at, 'pause', { reason: 'The season has ended' }),
    command(life, daysAfter(at, 21), 'unpause', { reason: 'The season begins' }),
  ],
};

/** The turns of a month, by its number. */
const turnsOf = (month: number): Turn[] => [
  expand,
  expand,
  contract,
  leave,
  ...(month % 3 === 0 ? [hesitate] : []),
  ...(month % 3 === 1 ? [pause] : []),
  ...(month % 3 === 2 ? [leaveNow] : []),
];

/** Upgrades, downgrades, cancellations and pauses in each month. Each customer has at most one turn. */
export function turns(all: Life[], year: Span, random: Random): { steps: Step[]; turned: Set<Life> } {
  const steps: Step[] = [];
  const turned = new Set<Life>();
  for (let month = 1; month < 12; month++) {
    const begins = daysAfter(year.start, month * 30.4);
    for (const turn of turnsOf(month)) {
      const isFree = (life: Life): boolean =>
        !turned.has(life) && !life.transfers && life.startsAt < daysAfter(begins, -18) && turn.fits(life);
      const free = all.filter(isFree);
      const life = free[random.between(0, free.length - 1)]!;
      turned.add(life);
      steps.push(...turn.steps(life, daysAfter(begins, random.between(1, 26) + random.next() / 3), random));
    }
  }
  return { steps, turned };
}
