import { requests } from '../requests.mjs';

const REPLAYED = 40;
const ROUNDS = 3;
const NO_NUMBERS = [0, -1, 1.5, '1', 9_007_199_254_740_992];

const operationsWithAnswer = ({ history }) =>
  history.ops.filter(
    ({ op, outcome, key, text }) =>
      key && text && ['consume', 'joint', 'reserve'].includes(op) && (outcome === 'ok' || outcome === 'denied'),
  );

/** Sends keys again, each to an instance drawn at random. */
async function replayed(context, entries) {
  const { world, random } = context;
  const wrong = [];
  for (const entry of entries) {
    const instance = random.pick(world.instances);
    const client = world.clientOf(instance);
    const answer = await client.call(entry.method, entry.path, { body: entry.body, key: entry.key });
    if (answer.status !== 200 || answer.text !== entry.text || answer.headers['idempotency-replayed'] !== 'true') {
      wrong.push(
        `${entry.id} on ${instance.name}: ${answer.error ?? answer.status} ${answer.text.slice(0, 200)} instead of ${entry.text.slice(0, 200)}`,
      );
    }
  }
  return wrong;
}

const sample = (random, list) => random.shuffle(list).slice(0, REPLAYED);

async function reusedKeys(context) {
  const { world, random } = context;
  const wrong = [];
  for (const entry of sample(
    random,
    operationsWithAnswer(context).filter(({ op }) => op === 'consume'),
  ).slice(0, 5)) {
    const changed = await world.client.call('POST', entry.path, {
      body: { ...entry.body, quantity: entry.quantity + 1 },
      key: entry.key,
    });
    if (changed.status !== 422 || changed.body?.code !== 'idempotency_key_reused')
      wrong.push(`${entry.id} with another body: ${changed.error ?? changed.status} ${changed.text.slice(0, 200)}`);
    // The same key sent with another API key is not replayed. It uses another customer, to change nothing here.
    const other = await world.otherClient.call('POST', entry.path, {
      body: { ...requests.consume(world.otherCustomer, 'calls').body(`other-${entry.id}`) },
      key: entry.key,
    });
    if (other.status !== 200 || other.headers['idempotency-replayed'])
      wrong.push(`${entry.id} with another API key: ${other.error ?? other.status} ${other.text.slice(0, 200)}`);
  }
  return wrong;
}

/** A stored denial is replayed although the limit was raised since; an error is not stored. */
async function keptDenials(context) {
  const { db, world } = context;
  const product = await world.product({ calls: 1 });
  const who = await world.customer(product);
  const consume = (key) =>
    world.client.call('POST', '/v1/usage/consume', {
      body: requests.consume(who, 'calls').body(`probe-${key}-${who.customer}`),
      key,
    });
  await consume(`first-${who.customer}`);
  const denied = await consume(`denied-${who.customer}`);
  await world.client.must('PUT', `/v1/customers/${who.customer}/overrides/calls`, { body: { product, limit: 100 } });
  const again = await consume(`denied-${who.customer}`);
  const fresh = await consume(`fresh-${who.customer}`);
  const stored = await db.value('select count(*)::int from idempotency_keys where status >= 400');
  return [
    ...(denied.body?.allowed === false && again.text === denied.text
      ? []
      : [`denied ${denied.text}, then ${again.text}`]),
    ...(fresh.body?.allowed === true ? [] : [`with room: ${fresh.status} ${fresh.text}`]),
    ...(stored === 0 ? [] : [`${stored} refusals are kept`]),
  ];
}

async function strangeQuantities({ world }) {
  const who = await world.customer(await world.product({ calls: 10 }));
  const wrong = [];
  for (const quantity of NO_NUMBERS) {
    const answer = await world.client.call('POST', '/v1/usage/consume', {
      body: { ...requests.consume(who, 'calls').body(`probe-${who.customer}`), quantity },
    });
    if (answer.status !== 422 && answer.status !== 400)
      wrong.push(`quantity ${quantity}: ${answer.error ?? answer.status} ${answer.text.slice(0, 200)}`);
  }
  return wrong;
}

/** Of two commands with the same version, one succeeds and the other gets 412. */
async function staleVersions({ world }) {
  const wrong = [];
  const who = await world.customer(await world.product({ calls: 10 }));
  const at = `/v1/subscriptions/${who.subscription}`;
  for (let round = 0; round < ROUNDS; round++) {
    const { headers } = await world.client.call('GET', at);
    const command = round % 2 === 0 ? ['cancel', { when: 'period_end' }] : ['resume', {}];
    const two = await Promise.all(
      [0, 1].map(() =>
        world.client.call('POST', `${at}/${command[0]}`, { body: command[1], headers: { 'if-match': headers.etag } }),
      ),
    );
    const statuses = two.map(({ status }) => status).sort();
    if (statuses[0] !== 200 || statuses[1] !== 412)
      wrong.push(`${command[0]} twice with ${headers.etag}: ${statuses.join(' and ')}`);
  }
  return wrong;
}

/** I-04..I-06, I-10, I-17: checked over HTTP on every instance. */
export const answerInvariants = [
  {
    id: 'I-04',
    title: 'a repetition gets the first answer',
    check: (context) => replayed(context, sample(context.random, operationsWithAnswer(context))),
  },
  { id: 'I-05', title: 'a key is good for one request of one caller', check: reusedKeys },
  {
    id: 'I-06',
    title: 'denials are kept, refusals are not',
    check: async (context) => [
      ...(await replayed(
        context,
        sample(
          context.random,
          operationsWithAnswer(context).filter(({ outcome }) => outcome === 'denied'),
        ).slice(0, 10),
      )),
      ...(await keptDenials(context)),
    ],
  },
  { id: 'I-10', title: 'only whole numbers are taken', check: strangeQuantities },
  { id: 'I-17', title: 'one of two who change the same version wins', check: staleVersions },
];
