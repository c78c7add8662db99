import * as fs from 'node:fs';
import { parseArgs } from 'node:util';

const USAGE = `npm run seed -- [--customers 1000000] [--product seed] [--seed 1] [--batch 10000] [--yes-production]

Loads customers, each with a subscription, usage and a ledger that adds up to the usage, into DATABASE_URL or, if that is
not set, into the embedded PostgreSQL of DATA_DIR. After a kill, start it again with the same arguments to continue.

  --customers N      number of customers in the end, including those already loaded
  --product KEY      product of the customers; created if missing. The customers' keys are KEY-0000000001 and so on
  --seed NUMBER      another number draws other data; the same number draws the same data, with instants relative to now
  --batch N          customers per transaction
  --yes-production   also run when NODE_ENV is production

Each subscription has the event that started its current period and all events since, as if older events had been pruned.
No event goes into the outbox, so no webhook and no mail is sent. Customers have no events.
`;
const MAX_CUSTOMERS = 1_000_000_000;
const MAX_BATCH = 100_000;

/** @throws Error for an unknown option or an invalid value */
function parseOptions(args) {
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
  const wholeNumber = (name, min, max) => {
    const number = Number(values[name]);
    if (!/^\d+$/.test(values[name]) || number < min || number > max)
      throw new Error(`--${name} must be a whole number from ${min} to ${max}.`);
    return number;
  };
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(values.product))
    throw new Error('--product must be a key of at most 64 characters: a to z, digits and, except at the start, . _ -');
  return {
    product: values.product,
    customers: wholeNumber('customers', 1, MAX_CUSTOMERS),
    seed: wholeNumber('seed', 0, MAX_CUSTOMERS),
    batch: wholeNumber('batch', 1, MAX_BATCH),
    yesProduction: values['yes-production'],
  };
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

let options;
try {
  options = parseOptions(process.argv.slice(2));
} catch (error) {
  fail(`${error.message}\n\n${USAGE}`);
}
if (fs.existsSync('.env')) process.loadEnvFile('.env');
if (process.env.NODE_ENV === 'production' && !options.yesProduction)
  fail('NODE_ENV is production: seed data does not belong there. To load it anyway, pass --yes-production.');
const signal = { aborted: false };
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => (signal.aborted = true));
try {
  await import('./ready.mjs');
  const { run } = await import('./seed/run.mjs');
  await run(options, process.stdout, signal);
  if (signal.aborted) process.exit(130);
} catch (error) {
  fail(error instanceof Error ? error.message : error);
}
