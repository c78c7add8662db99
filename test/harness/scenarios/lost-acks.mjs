import { outcomeName } from '../client.mjs';
import { requests } from '../requests.mjs';
import { inParallel, tally } from '../waiting.mjs';

const OPS = 60;
const CONCURRENCY = 6;
const COMMITS = { keyed: 60, keyless: 40 };

/** T-04: the answer is lost, or the client disconnects before it. */
async function lostByTheClient(world) {
  const { history, random, client } = world;
  const who = await world.customer(await world.product({ calls: null }));
  const modes = random.shuffle(Array.from({ length: OPS }, (_, index) => (index % 2 === 0 ? 'ackloss' : 'cut')));
  const proxies = {};
  for (const mode of ['ackloss', 'cut']) {
    proxies[mode] = await world.proxy(random.pick(world.instances).port);
    proxies[mode].setMode(mode);
  }
  await inParallel(OPS, CONCURRENCY, (index) =>
    history.run(world.clientOf(proxies[modes[index]]), requests.consume(who, 'calls')),
  );
  const unknown = history.count('unknown');
  world.expect('every answer was lost', unknown === OPS, history.figures());
  const before = await world.db.value(`select count(*)::int from usage_ledger where properties ->> 'op' like $1`, [
    `${history.name}-%`,
  ]);
  await history.resolve(client);
  const after = await world.db.value(`select count(*)::int from usage_ledger where properties ->> 'op' like $1`, [
    `${history.name}-%`,
  ]);
  world.expect('each counts once after a retry with its key', after === OPS && history.count('ok') === OPS, {
    after,
    ...history.figures(),
  });
  return { unknown, countedBeforeRetry: before, countedAfter: after };
}

/** T-05: PostgreSQL commits, but the instance does not receive its answer. */
async function lostByTheDatabase(world) {
  const { history, random, client } = world;
  const product = await world.product({ calls: null });
  const [who, warm] = [await world.customer(product), await world.customer(product)];
  const {
    proxy,
    instances: [instance],
  } = await world.proxied(1);
  const direct = world.clientOf(instance);
  // Warm, so that the commits that are lost are those of consumes.
  await direct.call('POST', '/v1/usage/consume', {
    body: requests.consume(warm, 'calls').body(`warm-${warm.customer}`),
  });
  proxy.setMode('commitloss', { mayLose: () => random.chance(0.7) });
  const names = [];
  const consume = async (key) => {
    const { answer } = await history.run(direct, { ...requests.consume(who, 'calls'), ...(key ? {} : { key: null }) });
    names.push(outcomeName(answer));
  };
  await inParallel(COMMITS.keyed, CONCURRENCY, () => consume(true));
  await inParallel(COMMITS.keyless, CONCURRENCY, () => consume(false));
  // The other way to the database: one transaction a request, with an Idempotency-Key around it.
  const customers = await inParallel(10, 2, () =>
    direct.call('PUT', `/v1/customers/put-${world.history.newId('customer')}`, { body: { product: who.product } }),
  );
  names.push(...customers.map(outcomeName));
  proxy.heal();
  world.expect(
    'a client gets 503 or the true outcome',
    names.every((name) => /^(200|201|503 )/.test(name)),
    tally(names),
  );
  const doubled = await world.db.query(
    `select properties ->> 'op' as op, count(*)::int as times from usage_ledger where properties ->> 'op' like $1 group by 1 having count(*) > 1`,
    [`${history.name}-%`],
  );
  world.expect('nothing is executed again blindly', doubled.length === 0, doubled.slice(0, 3));
  const committed = await world.db.value(`select count(*)::int from usage_ledger where properties ->> 'op' like $1`, [
    `${history.name}-%`,
  ]);
  const unknown = history.count('unknown');
  world.expect('commits were lost', proxy.lost > 10 && unknown > 10, { lost: proxy.lost, unknown });
  await history.resolve(client);
  return { commitsLost: proxy.lost, unknown, committed, ok: history.count('ok'), answers: tally(names) };
}

export const scenarios = [
  { id: 'T-04', title: 'lost answer, on the client side', run: lostByTheClient },
  { id: 'T-05', title: 'lost commit, on the database side', run: lostByTheDatabase },
];
