import * as fs from 'node:fs';
import { ensureBuilt } from '../scripts/build.mjs';
import { drive, generator } from './generator.mjs';
import { prepare, rowsOf } from './rows.mjs';
import { machine, round, startService, stop } from './support.mjs';

/**
 * `npm run bench:memory`: resident memory of the service with its jobs, at rest, each minute of a mixed load (checks,
 * consumption, lists and reads), and at rest after it. Needs /proc.
 */
const MINUTES = Number(process.env.MINUTES ?? 10);
const CUSTOMERS = Number(process.env.CUSTOMERS ?? 10_000);
const CONNECTIONS = Number(process.env.CONNECTIONS ?? 64);
const REST_SECONDS = 30;
/** The first minutes fill caches and compile code, so the slope begins after them. */
const WARM_UP_MINUTES = 2;
const READS = ['plan list, API key', 'live subscription, API key', 'entitlements', 'history', 'timeline'];

const rest = () => new Promise((resolve) => setTimeout(resolve, REST_SECONDS * 1_000));
const residentMegabytes = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1_024;

/** For each customer a metered check, a consumption and one of the reads. */
function mixed(target) {
  const rows = rowsOf(target);
  const requestsOf = ({ method, requests }) => requests.map((request) => ({ method, ...request }));
  const named = (start) => requestsOf(rows.find(({ name }) => name.startsWith(start)));
  const [checks, consumptions] = [named('metered check'), named(`consume, ${round(CUSTOMERS)}`)];
  const reads = READS.flatMap(named);
  return checks.flatMap((check, index) => [check, consumptions[index], reads[index % reads.length]]);
}

/** Least squares, in MB per minute. */
function slopeOf(values) {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value) / values.length;
  const sum = (term) => values.reduce((total, value, index) => total + term(index - middle, value - mean), 0);
  return sum((minute, value) => minute * value) / sum((minute) => minute * minute);
}

process.once('SIGINT', () => void stop().then(() => process.exit(130)));
try {
  await ensureBuilt();
  const service = await startService({}, { WORKER: 'on' });
  const print = (when, rate) => {
    const megabytes = residentMegabytes(service.pid);
    console.log(`| ${when} | ${rate === undefined ? '' : round(rate)} | ${megabytes.toFixed(0)} |`);
    return megabytes;
  };
  await rest();
  console.log('\n| minute | requests/s | RSS, MB |\n|---|---|---|');
  print('at rest');
  const target = await prepare(service, CUSTOMERS);
  const headers = { authorization: `Bearer ${target.key}`, 'content-type': 'application/json' };
  const load = { url: service.url, headers, requests: mixed(target) };
  const megabytes = [];
  for (let minute = 1; minute <= MINUTES; minute++) {
    const { rate } = await drive(load, { connections: CONNECTIONS, seconds: 60 });
    megabytes.push(print(minute, rate));
  }
  await rest();
  print('at rest after it');
  const steady = megabytes.slice(WARM_UP_MINUTES);
  if (steady.length > 1)
    console.log(`\nSlope after ${WARM_UP_MINUTES} minutes: ${slopeOf(steady).toFixed(2)} MB a minute.`);
  console.log(`\n${machine()}; ${generator}, ${CONNECTIONS} connections, ${round(CUSTOMERS)} customers.`);
} finally {
  await stop();
}
