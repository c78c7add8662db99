import { startBilling } from './billing-load.mjs';
import { outcomeName } from './client.mjs';
import { requests } from './requests.mjs';
import { inParallel, runRepeatedly, tally } from './waiting.mjs';

const CUSTOMERS = 8;
/** Low enough to be reached, so that there are denials to check. */
const LIMITS = { plan: 60, large: 110 };
const EXTRA = 25;
const SEATS = 12;
/** Operations not run for the plain half of the customers, so that their answers can be checked against each other. */
const EXCLUDED_FOR_HALF = new Set(['joint', 'change', 'cancel', 'resume']);

/** How often each kind of operation is drawn. */
const MIX = {
  consume: 40,
  joint: 8,
  reserve: 10,
  commit: 7,
  release: 5,
  events: 8,
  read: 14,
  change: 3,
  cancel: 2,
  resume: 3,
};

/** Operations that a client may draw: each sends a request and stores its outcome. */
const OPERATIONS = {
  consume: ({ run, who, random }) => run(requests.consume(who, 'calls', random.between(1, 3))),
  joint: ({ run, who, random }) =>
    run(requests.consumeAll(who, random.chance(0.5) ? ['calls', 'extra'] : ['extra', 'calls'])),
  reserve: async ({ run, who, random, open }) => {
    const { entry } = await run(requests.reserve(who, 'seats', random.between(1, 3)));
    if (entry.outcome === 'ok') open.push(entry);
  },
  commit: ({ run, random, open }) => {
    const reserved = take(open, random);
    return reserved && run(requests.commit(reserved, random.between(1, reserved.quantity)));
  },
  release: ({ run, random, open }) => {
    const reserved = take(open, random);
    return reserved && run(requests.release(reserved));
  },
  events: ({ run, who, random }) =>
    run(
      requests.events(
        who,
        'facts',
        Array.from({ length: random.between(1, 4) }, () => random.between(1, 5)),
      ),
    ),
  read: ({ read, who, random }) =>
    read(
      random.chance(0.5)
        ? ['GET', `/v1/customers/${who.customer}/subscription?product=${who.product}`]
        : ['POST', '/v1/check', { body: { customer: who.customer, product: who.product, feature: 'calls' } }],
    ),
  change: ({ run, who, random }) =>
    run(requests.change(who, random.pick(Object.keys(LIMITS)), random.chance(0.7) ? 'now' : 'period_end')),
  cancel: ({ run, who }) => run(requests.cancel(who)),
  resume: ({ run, who }) => run(requests.resume(who)),
};

/** At most one client commits or releases a reservation, so that its answer is the only possible outcome. */
const take = (open, random) => (open.length > 0 ? open.splice(random.between(0, open.length - 1), 1)[0] : null);

/** Conflicts that a random mix of commands causes: the state did not allow the command. */
const CONFLICTS = /^409 /;
const TROUBLE = /^(200|201|503 .*|balancer .*|ECONNRESET|UND_ERR_\w+|TimeoutError)$/;

/** Starts many clients, each of which draws its next operation. @returns a function to stop them, and their answers */
export async function startWorkload(world, { concurrency = 16, restMs = 15 } = {}) {
  const { random, history, client } = world;
  const product = await world.product(
    { calls: LIMITS.plan, extra: EXTRA, seats: SEATS, facts: 100 },
    { large: { calls: LIMITS.large, extra: EXTRA, seats: SEATS, facts: 100 } },
  );
  const customers = await inParallel(CUSTOMERS, 8, () => world.customer(product));
  const billing = await startBilling(world);
  const names = [];
  const open = [];
  const run = async (request) => {
    const done = await history.run(client, request);
    names.push(`${request.op} ${outcomeName(done.answer)}`);
    return done;
  };
  const read = async ([method, path, options]) =>
    names.push(`read ${outcomeName(await client.call(method, path, options))}`);
  const some = customers.slice(CUSTOMERS / 2);
  const stop = runRepeatedly(
    concurrency,
    () => {
      const move = random.weighted(MIX);
      return OPERATIONS[move]({
        run,
        read,
        random,
        open,
        who: random.pick(EXCLUDED_FOR_HALF.has(move) ? some : customers),
      });
    },
    { restMs },
  );
  return {
    customers,
    product,
    end: () => Promise.all([stop(), billing.end()]),
    get names() {
      return tally(names.map((name) => name.slice(name.indexOf(' ') + 1)));
    },
    /** Answers that no fault explains. */
    get unexpected() {
      return tally(
        names.filter((name) => {
          const answer = name.slice(name.indexOf(' ') + 1);
          return !TROUBLE.test(answer) && !CONFLICTS.test(answer);
        }),
      );
    },
  };
}
