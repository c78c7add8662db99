import * as fs from 'node:fs';
import { parseArgs } from 'node:util';

const USAGE = `npm run seed -- [--customers 1000000] [--product seed] [--seed 1] [--batch 10000] [--yes-production]

Loads so many customers, each with a contract, usage and a ledger that adds up to it, into DATABASE_URL, or, where that is
not set, into the embedded PostgreSQL of DATA_DIR. Killed and started again with the same arguments, it goes on where it was.

  --customers N      how many there are in the end, those that are there already counted in
  --product KEY      the product that they are on; made if it is not there. Their keys are KEY-0000000001 and so on
  --seed NUMBER      draws other data; the same number draws the same, but for instants, which are counted from now
  --batch N          customers a transaction
  --yes-production   also where NODE_ENV is production

Of what happened to a contract, the step that began its present period is told, and all since: so is what came before as if the
events of older months had been pruned. Nothing of it goes into the outbox: no webhook and no mail tells of it. Customers
as such have no events.
`;
const MOST = 1_000_000_000;
const MOST_A_BATCH = 100_000;

/** @throws Error for what it does not know */
function optionsOf(args) {
  const text = (value) => ({ type: 'string', default: value });
  const { values } = parseArgs({
    args,
    options: {
      customers: text('1000000'),
      product: text('seed'),
      seed: text('1'),
      batch: text('10000'),
      'yes-production': { type: 'boolean', default: false },
    },
  });
  const whole = (name, least, most) => {
    const number = Number(values[name]);
    if (!/^\d+$/.test(values[name]) || number < least || number > most)
      throw new Error(`--${name} must be a whole number from ${least} to ${most}.`);
    return number;
  };
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(values.product))
    throw new Error('--product must be a key: letters a to z, digits, and . _ - inside, at most 64.');
  return {
    product: values.product,
    customers: whole('customers', 1, MOST),
    seed: whole('seed', 0, MOST),
    batch: whole('batch', 1, MOST_A_BATCH),
    yesProduction: values['yes-production'],
  };
}

function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

let options;
try {
  options = optionsOf(process.argv.slice(2));
} catch (error) {
  refuse(`${error.message}\n\n${USAGE}`);
}
if (fs.existsSync('.env')) process.loadEnvFile('.env');
if (process.env.NODE_ENV === 'production' && !options.yesProduction)
  refuse('This is production: invented customers do not belong there. If they do, say --yes-production.');
const signal = { aborted: false };
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => (signal.aborted = true));
try {
  await import('./ready.mjs');
  const { run } = await import('./seed/run.mjs');
  await run(options, process.stdout, signal);
  if (signal.aborted) process.exit(130);
} catch (error) {
  refuse(error instanceof Error ? error.message : error);
}
