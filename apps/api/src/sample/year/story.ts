import { catalogue, finance, support } from './desk.js';
import { beginning, type Life, lives, PRODUCT } from './lives.js';
import { Random } from './random.js';
import { recent, unpaid } from './recent.js';
import { daysAfter, type Span } from './span.js';
import type { Step } from './step.js';
import { turns } from './turns.js';
import { Untouched } from './untouched.js';

const SEED = 20_240_229;

/** The year of the sample: its customers, and everything that they and the staff do, in the order of time. */
export interface Story {
  lives: Life[];
  steps: Step[];
}

/** The same story for the same year: a load that was interrupted continues it. */
export function storyOf(year: Span): Story {
  const random = new Random(SEED);
  const all = lives(year, random);
  const begin = all.flatMap((life) => beginning(life, random));
  const { steps: turned, turned: busy } = turns(all, year, random);
  const untouched = new Untouched(all.filter((life) => !busy.has(life)));
  const open = [...unpaid(untouched, year), ...recent(untouched, year)];
  const staying = new Untouched(all.filter(({ until }) => until >= year.end));
  const desk = [...support(staying, year), ...finance(all, staying, year), ...catalogue(year)];
  const steps = [...begin, ...turned, ...open, ...desk, ...ownCustomer(year)];
  return { lives: all, steps: inOrder(steps) };
}

/** The user with a login, who uses the portal too. */
function ownCustomer(year: Span): Step[] {
  const at = daysAfter(year.start, 210);
  const own = { at, customer: 'me', by: 'customer' } as const;
  return [
    { ...own, card: 'succeeds' },
    {
      ...own,
      method: 'POST',
      path: '/v1/subscriptions',
      body: { product: PRODUCT, plan: 'team', interval: 'month', quantity: 4 },
    },
  ];
}

/** Steps of one instant stay in their order. */
const inOrder = (steps: Step[]): Step[] => steps.sort((one, other) => one.at.getTime() - other.at.getTime());
