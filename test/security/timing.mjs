import { median, startService, stop } from '../../bench/support.mjs';
import { ensureBuilt } from '../../scripts/build.mjs';

/**
 * Timing side channels: rows S-33 and S-3B of the attack catalogue.
 * A separate command (`npm run test:timing`) and no test, because it takes 1 to 2 minutes and needs an idle machine.
 */
const USERS = 120;
const KEY_TRIES = 2_000;
/** Medians may differ by up to this fraction of the time of a password hash (S-33). */
const MAX_FRACTION_OF_HASH = 0.15;
const MIN_P = 0.01;

const ms = (value) => `${value.toFixed(2)} ms`;

/** Two-sided p of the Mann-Whitney U test by its normal approximation. A small p means different distributions. */
function mannWhitney(a, b) {
  const all = [...a.map((value) => ({ value, of: 0 })), ...b.map((value) => ({ value, of: 1 }))].sort(
    (x, y) => x.value - y.value,
  );
  let rankSum = 0;
  for (let start = 0; start < all.length;) {
    let end = start;
    while (end < all.length && all[end].value === all[start].value) end++;
    for (let index = start; index < end; index++) if (all[index].of === 0) rankSum += (start + 1 + end) / 2;
    start = end;
  }
  const u = rankSum - (a.length * (a.length + 1)) / 2;
  const z = Math.abs(u - (a.length * b.length) / 2) / Math.sqrt((a.length * b.length * (a.length + b.length + 1)) / 12);
  const t = 1 / (1 + 0.2316419 * z);
  const tail =
    (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return Math.min(1, 2 * tail);
}

await ensureBuilt();
const service = await startService();
const post = async (at, body, headers = {}) => {
  const began = performance.now();
  const answer = await fetch(service.url + at, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  return { took: performance.now() - began, status: answer.status, body: text ? JSON.parse(text) : null };
};

/** Compares two kinds of request. The order is random in each round, so that load of the machine affects both alike. */
async function compare(name, count, kinds, unit) {
  const taken = kinds.map(() => []);
  for (let round = -10; round < count; round++) {
    for (const kind of Math.random() < 0.5 ? [0, 1] : [1, 0]) {
      const took = await kinds[kind](round < 0 ? count + 10 + round : round);
      if (round >= 0) taken[kind].push(took);
    }
  }
  const [a, b] = taken.map(median);
  const p = mannWhitney(...taken);
  const difference = Math.abs(a - b) / unit;
  const passed = difference < MAX_FRACTION_OF_HASH || p > MIN_P;
  console.log(
    `${passed ? 'equal' : 'DIFFERENT'}  ${name}: ${ms(a)} and ${ms(b)}, apart by ${(100 * difference).toFixed(1)} % of ${ms(unit)}, p = ${p.toFixed(3)}`,
  );
  return passed;
}

try {
  const email = (index) => `person-${index}@example.com`;
  for (let index = 0; index < USERS + 10; index++)
    await post('/v1/auth/register', { email: email(index), password: 'a long enough password' });
  const { body: login, took: hash } = await post('/v1/auth/login', {
    email: 'admin@localhost',
    password: service.password,
  });
  const outcomes = [
    await compare(
      'login, account known and unknown',
      USERS,
      [
        async (index) => (await post('/v1/auth/login', { email: email(index), password: 'wrong' })).took,
        async (index) =>
          (await post('/v1/auth/login', { email: `unknown-${index}@example.com`, password: 'wrong' })).took,
      ],
      hash,
    ),
    await compare(
      'forgotten password, account known and unknown',
      USERS,
      [
        async (index) => (await post('/v1/auth/forgot-password', { email: email(index) })).took,
        async (index) => (await post('/v1/auth/forgot-password', { email: `unknown-${index}@example.com` })).took,
      ],
      hash,
    ),
  ];
  const {
    body: { key },
  } = await post(
    '/v1/api-keys',
    { name: 'timing', scopes: ['usage:read'] },
    { authorization: `Bearer ${login.accessToken}` },
  );
  const guess = (from) =>
    `${key.slice(0, from)}${[...key.slice(from)].map((letter) => (letter === 'A' ? 'B' : 'A')).join('')}`;
  const [nearly, never] = [guess(key.length - 1), guess(20)];
  const tried = async (token) => (await post('/v1/check', {}, { authorization: `Bearer ${token}` })).took;
  outcomes.push(
    await compare(
      'API key, all but the last letter right and none right',
      KEY_TRIES,
      [() => tried(nearly), () => tried(never)],
      hash,
    ),
  );
  process.exitCode = outcomes.every(Boolean) ? 0 : 1;
} finally {
  await stop();
}
