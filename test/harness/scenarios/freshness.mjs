import { randomBytes } from 'node:crypto';
import { max, pause } from '../waiting.mjs';

const POLL_MS = 20;
const GIVE_UP_MS = 10_000;
const REVOKED_MS = 1_000;
const REVOKED_CUT_MS = 5_000;
const STALE_MS = 2_000;
const FLIPS = 4;

/** Polls every instance until the condition holds on it. @returns the time per instance in ms; -1: never */
function pollAllInstances(world, holds, since) {
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

/** Ends the LISTEN sessions, so that instances receive no invalidations. */
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

/** Kinds of revocation: `prepare` creates a credential, `revoke` ends it, `path` is a route that it may read. */
const REVOCATIONS = {
  key: {
    prepare: async (world) => {
      const { id, key } = await world.newKey('short-lived');
      return { id, token: key };
    },
    revoke: async (world, { id }, admin) => world.anonymous.must('DELETE', `/v1/api-keys/${id}`, { token: admin }),
    path: '/v1/customers?limit=1',
  },
  token: {
    prepare: person,
    revoke: (world, { token, refreshToken }) =>
      world.anonymous.must('POST', '/v1/auth/logout', { token, body: { refreshToken } }),
    path: '/v1/users/me',
  },
  user: {
    prepare: person,
    revoke: (world, { id }, admin) =>
      world.anonymous.must('PATCH', `/v1/users/${id}`, { token: admin, body: { active: false } }),
    path: '/v1/users/me',
  },
};

/** T-20. */
async function revoke(world) {
  const figures = {};
  const revokedCredentials = [];
  for (const [mode, bound] of [
    ['normal', REVOKED_MS],
    ['cut', REVOKED_CUT_MS],
  ]) {
    for (const [kind, { prepare, revoke: end, path }] of Object.entries(REVOCATIONS)) {
      const admin = await world.adminToken();
      const credential = await prepare(world);
      const status = async (client) => (await client.call('GET', path, { token: credential.token })).status;
      const alive = await Promise.all(world.instances.map((instance) => status(world.clientOf(instance))));
      world.expect(
        `${kind}: good before`,
        alive.every((found) => found === 200),
        alive,
      );
      if (mode === 'cut') await cutListeners(world);
      const revoked = end(world, credential, admin);
      const answered = revoked.then(() => performance.now());
      const since = await answered;
      const times = await pollAllInstances(world, async (client) => (await status(client)) === 401, since);
      world.expect(`${kind}, ${mode}: revoked within ${bound} ms everywhere`, within(times, bound), times);
      figures[`${kind} ${mode}`] = max(times);
      revokedCredentials.push({ kind, path, token: credential.token });
    }
  }
  await world.instances[0].kill();
  await world.instances[0].start();
  const after = await Promise.all(
    revokedCredentials.map(({ path, token }) => world.clientOf(world.instances[0]).call('GET', path, { token })),
  );
  world.expect(
    'still revoked after a restart',
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
    await pollAllInstances(world, async (client) => (await check(client, 'sso')).status === 200, performance.now());
    if (mode === 'cut') await cutListeners(world);
    await world.client.must('PUT', `/v1/customers/${who.customer}/overrides/sso`, { body: { product, value } });
    const times = await pollAllInstances(
      world,
      async (client) => (await check(client, 'sso')).body?.value === value,
      performance.now(),
    );
    world.expect(`${mode}: a switch is seen within 2 s`, within(times, STALE_MS), times);
    figures[mode].push(max(times));
    // A limit is never decided from a cache: the very next question, anywhere, knows it.
    const limit = 100 + flip;
    await world.client.must('PUT', `/v1/customers/${who.customer}/overrides/calls`, { body: { product, limit } });
    const limits = await Promise.all(
      world.instances.map(async (instance) => (await check(world.clientOf(instance), 'calls')).body?.limit),
    );
    staleLimits += limits.filter((found) => found !== limit).length;
  }
  world.expect('a changed limit is enforced immediately', staleLimits === 0, staleLimits);
  return { slowestMs: max(figures.normal), slowestCutMs: max(figures.cut), staleLimits };
}

export const scenarios = [
  { id: 'T-20', title: 'time until a revocation is effective', run: revoke },
  { id: 'T-21', title: 'how soon changed terms are seen', run: changeTerms },
];
