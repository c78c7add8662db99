import { nameOf } from './client.mjs';
import { requests } from './requests.mjs';
import { inParallel, keepDoing, tally } from './waiting.mjs';

const CUSTOMERS = 8;
/** Low enough to be reached, so that there are denials to look at. */
const LIMITS = { plan: 60, large: 110 };
const EXTRA = 25;
const SEATS = 12;
/** What is never asked of the plain half of the customers: so that every answer about them can be checked against the others. */
const OF_SOME = new Set(['joint', 'change', 'cancel', 'resume']);

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

/** What a client may draw: each asks one thing and keeps what came of it. */
const MOVES = {
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

/** A reservation is settled by one client at most, so that what it says is what must have happened. */
const take = (open, random) => (open.length > 0 ? open.splice(random.between(0, open.length - 1), 1)[0] : null);

/** Refusals that a mix of commands brings along: the state did not allow it. */
const CONFLICTS = /^409 /;
const TROUBLE = /^(200|201|503 .*|balancer .*|ECONNRESET|UND_ERR_\w+|TimeoutError)$/;

/** Many clients, each drawing what it does next. @returns what ends it, and what they saw */
export async function startWorkload(world, { lanes = 16, restMs = 15 } = {}) {
  const { random, history, client } = world;
  const product = await world.product(
    { calls: LIMITS.plan, extra: EXTRA, seats: SEATS, facts: 100 },
    { large: { calls: LIMITS.large, extra: EXTRA, seats: SEATS, facts: 100 } },
  );
  const customers = await inParallel(CUSTOMERS, 8, () => world.customer(product));
  const names = [];
  const open = [];
  const run = async (request) => {
    const done = await history.run(client, request);
    names.push(`${request.op} ${nameOf(done.answer)}`);
    return done;
  };
  const read = async ([method, path, options]) =>
    names.push(`read ${nameOf(await client.call(method, path, options))}`);
  const some = customers.slice(CUSTOMERS / 2);
  const stop = keepDoing(
    lanes,
    () => {
      const move = random.weighted(MIX);
      return MOVES[move]({ run, read, random, open, who: random.pick(OF_SOME.has(move) ? some : customers) });
    },
    { restMs },
  );
  return {
    customers,
    product,
    end: stop,
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
