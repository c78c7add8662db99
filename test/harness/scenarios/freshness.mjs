import { randomBytes } from 'node:crypto';
import { most, pause } from '../waiting.mjs';

const POLL_MS = 20;
const GIVE_UP_MS = 10_000;
const REVOKED_MS = 1_000;
const REVOKED_CUT_MS = 5_000;
const STALE_MS = 2_000;
const FLIPS = 4;

/** Asks every instance over and over until each says so. @returns for each how long that took, in milliseconds; -1: never */
function everywhere(world, holds, since) {
  return Promise.all(
    world.instances.map(async (instance) => {
      const client = world.clientOf(instance);
      while (performance.now() - since < GIVE_UP_MS) {
        if (await holds(client)) return Math.round(performance.now() - since);
        await pause(POLL_MS);
      }
      return -1;
    }),
  );
}

/** Cuts what tells instances of changes: the sessions that listen. */
const cutListeners = (world) =>
  world.db
    .query(`select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%'`)
    .then(({ length }) => length);

const within = (times, ms) => times.every((time) => time >= 0 && time <= ms);

async function person(world) {
  const email = `${world.history.name}-${randomBytes(4).toString('hex')}@example.com`;
  const { accessToken, refreshToken, user } = await world.anonymous.must('POST', '/v1/auth/register', {
    body: { email, password: 'four unusual words together' },
  });
  return { token: accessToken, refreshToken, id: user.id };
}

/** Three ways to lose one's rights: `prepare` gives a credential, `revoke` ends it, `ask` is a question that it answers. */
const REVOCATIONS = {
  key: {
    prepare: async (world) => {
      const { id, key } = await world.newKey('short-lived');
      return { id, token: key };
    },
    revoke: async (world, { id }, admin) => world.anonymous.must('DELETE', `/v1/api-keys/${id}`, { token: admin }),
    ask: '/v1/customers?limit=1',
  },
  token: {
    prepare: person,
    revoke: (world, { token, refreshToken }) =>
      world.anonymous.must('POST', '/v1/auth/logout', { token, body: { refreshToken } }),
    ask: '/v1/users/me',
  },
  user: {
    prepare: person,
    revoke: (world, { id }, admin) =>
      world.anonymous.must('PATCH', `/v1/users/${id}`, { token: admin, body: { active: false } }),
    ask: '/v1/users/me',
  },
};

/** T-20. */
async function revoke(world) {
  const figures = {};
  const dead = [];
  for (const [mode, bound] of [
    ['normal', REVOKED_MS],
    ['cut', REVOKED_CUT_MS],
  ]) {
    for (const [kind, { prepare, revoke: end, ask }] of Object.entries(REVOCATIONS)) {
      const admin = await world.adminToken();
      const credential = await prepare(world);
      const status = async (client) => (await client.call('GET', ask, { token: credential.token })).status;
      const alive = await Promise.all(world.instances.map((instance) => status(world.clientOf(instance))));
      world.bar(
        `${kind}: good before`,
        alive.every((found) => found === 200),
        alive,
      );
      if (mode === 'cut') await cutListeners(world);
      const revoked = end(world, credential, admin);
      const answered = revoked.then(() => performance.now());
      const since = await answered;
      const times = await everywhere(world, async (client) => (await status(client)) === 401, since);
      world.bar(`${kind}, ${mode}: dead within ${bound} ms everywhere`, within(times, bound), times);
      figures[`${kind} ${mode}`] = most(times);
      dead.push({ kind, ask, token: credential.token });
    }
  }
  await world.instances[0].kill();
  await world.instances[0].start();
  const after = await Promise.all(
    dead.map(({ ask, token }) => world.clientOf(world.instances[0]).call('GET', ask, { token })),
  );
  world.bar(
    'still dead after a restart',
    after.every(({ status }) => status === 401),
    after.map(({ status }) => status),
  );
  return { slowestMs: figures };
}

/** T-21. */
async function changeTerms(world) {
  const product = await world.product({ calls: 10 });
  const who = await world.customer(product);
  const check = (client, feature) =>
    client.call('POST', '/v1/check', { body: { customer: who.customer, product, feature } });
  const figures = { normal: [], cut: [] };
  let staleLimits = 0;
  for (let flip = 0; flip < FLIPS * 2; flip++) {
    const mode = flip < FLIPS ? 'normal' : 'cut';
    const value = flip % 2 === 0;
    await everywhere(world, async (client) => (await check(client, 'sso')).status === 200, performance.now());
    if (mode === 'cut') await cutListeners(world);
    await world.client.must('PUT', `/v1/customers/${who.customer}/overrides/sso`, { body: { product, value } });
    const times = await everywhere(
      world,
      async (client) => (await check(client, 'sso')).body?.value === value,
      performance.now(),
    );
    world.bar(`${mode}: a switch is seen within 2 s`, within(times, STALE_MS), times);
    figures[mode].push(most(times));
    // A limit is never decided from a cache: the very next question, anywhere, knows it.
    const limit = 100 + flip;
    await world.client.must('PUT', `/v1/customers/${who.customer}/overrides/calls`, { body: { product, limit } });
    const limits = await Promise.all(
      world.instances.map(async (instance) => (await check(world.clientOf(instance), 'calls')).body?.limit),
    );
    staleLimits += limits.filter((found) => found !== limit).length;
  }
  world.bar('a limit holds at once', staleLimits === 0, staleLimits);
  return { slowestMs: most(figures.normal), slowestCutMs: most(figures.cut), staleLimits };
}

export const scenarios = [
  { id: 'T-20', title: 'how soon what is revoked is dead', run: revoke },
  { id: 'T-21', title: 'how soon changed terms are seen', run: changeTerms },
];
