import * as path from 'node:path';
import { ensureBuilt } from '../scripts/build.mjs';
import { cpuTime } from './cpu-time.mjs';
import { drive, generator } from './generator.mjs';
import { connectProfiler, PARTS, sharesOf } from './profile.mjs';
import { logInUser, prepare, rowsOf } from './rows.mjs';
import { machine, median, option, round, start, startService, stop } from './support.mjs';

/** `npm run bench`: rate, latency and CPU time of the main calls, as ratios to bare Fastify. Options in README.md. */
const quick = process.argv.includes('--quick');
const profiling = process.argv.includes('--profile');
const only = option('--only');
const against = option('--against') && path.resolve(option('--against'));
const CUSTOMERS = Number(process.env.CUSTOMERS ?? (quick ? 500 : 10_000));
const ROUNDS = Number(process.env.ROUNDS ?? (quick || profiling ? 1 : 5));
const LOAD = {
  seconds: Number(process.env.BENCH_SECONDS ?? (quick ? 2 : 5)),
  connections: Number(process.env.CONNECTIONS ?? 64),
};
const WARM_UP_SECONDS = 1;
/** The measured services. */
const sides = [];

/** The rows whose name contains the text of `--only`, and the rows that they are compared with. */
function selected(rows) {
  const wanted = new Set(rows.filter(({ name }) => name.includes(only ?? '')).map(({ name }) => name));
  for (const { name, against: baseline } of rows.toReversed()) if (wanted.has(name) && baseline) wanted.add(baseline);
  return rows.filter(({ name }) => wanted.has(name));
}

/** Starts the service of this checkout, and with `--against` of another one, each on a separate database. */
async function startSides() {
  for (const dir of [undefined, ...(against ? [against] : [])]) {
    const service = await startService({}, {}, { dir, inspect: profiling });
    const profiler = profiling ? await connectProfiler(service.inspector) : undefined;
    sides.push({ ...service, profiler, label: dir && `, ${dir}`, ...(await prepare(service, CUSTOMERS)) });
  }
}

/** Measures a row once on one server: rate in items, latency in ms, CPU time per request in microseconds. */
async function measure(row, server, load = LOAD) {
  const token = { key: server.key, user: server.userToken }[row.as ?? 'key'];
  const headers = {
    ...(row.method !== 'GET' && { 'content-type': 'application/json' }),
    ...(token && { authorization: `Bearer ${token}` }),
  };
  const target = { ...row, url: server.url, headers };
  if (!server.warm?.has(row)) await drive(target, { ...LOAD, seconds: WARM_UP_SECONDS });
  (server.warm ??= new Set()).add(row);
  const cpu = () => [cpuTime(server.pid), cpuTime(server.postgres, { children: true })];
  await server.profiler?.start();
  const before = cpu();
  let after, profile;
  const result = await drive(target, load).finally(async () => {
    after = cpu();
    profile = await server.profiler?.stop();
  });
  const [node, postgres] = after.map((time, index) => time && (time - before[index]) / result.count);
  return { ...result, rate: result.rate * (row.unit ?? 1), node, postgres, shares: profile && sharesOf(profile) };
}

/** The figures of one row on one server, round by round, or the text of its failure. */
class Series {
  figures = [];
  failure;

  constructor(row, server) {
    this.row = row;
    this.server = server;
    this.name = row.name + (server.label ?? '');
  }

  async next(load) {
    if (this.failure) return;
    try {
      this.figures.push(await measure(this.row, this.server, load));
    } catch (error) {
      this.failure = error.message;
      process.exitCode = 1;
      console.error(`${this.name} failed: ${error.message}`);
    }
  }

  of = (figure) => median(this.figures.map((each) => each[figure]));

  /** Median over the rounds of a figure divided by that of another series in the same round. */
  ratioTo(other, figure = 'rate') {
    if (!other || other.failure) return '';
    return median(this.figures.map((each, index) => each[figure] / other.figures[index][figure])).toFixed(3);
  }
}

function print(columns, list, cells) {
  console.log(`\n| ${columns.join(' | ')} |\n|${columns.map(() => '---|').join('')}`);
  for (const series of list)
    console.log(`| ${series.name} | ${series.failure ? `failed: ${series.failure}` : cells(series).join(' | ')} |`);
}

const micros = (value) => value?.toFixed(value < 100 ? 1 : 0) ?? '';

function report(list) {
  const baseline = ({ row, server }) =>
    list.find((each) => each.row.name === row.against && (each.row.server || each.server === server));
  const other = ({ row, server }) => list.find((each) => each.row === row && each.server !== server);
  const columns = ['case', 'requests/s', 'p50 ms', 'p99 ms', 'Node us', 'PostgreSQL us', 'against', 'ratio', 'reach'];
  const compared = against ? ['rate to other', 'Node us to other'] : [];
  print([...columns, ...compared], list, (series) => [
    round(series.of('rate')),
    ...['p50', 'p99'].map((figure) => series.of(figure).toFixed(1)),
    ...['node', 'postgres'].map((figure) => micros(series.of(figure))),
    series.row.against ?? '',
    series.ratioTo(baseline(series)),
    series.row.reach ?? '',
    ...(against ? ['rate', 'node'].map((figure) => series.ratioTo(other(series), figure)) : []),
  ]);
}

function reportProfile(list) {
  print(['case', 'Node us', 'PostgreSQL us', ...PARTS.map((part) => `${part} %`)], list, ({ of, figures }) => [
    ...['node', 'postgres'].map((figure) => micros(of(figure))),
    ...PARTS.map((part) => (100 * median(figures.map(({ shares }) => shares[part]))).toFixed(1)),
  ]);
}

/** Reports p99 of consume at half of its peak rate, alternating with bare Fastify at the same rate. */
async function reportLatency(list) {
  const peak = list.find(({ row }) => row.name === 'consume, one customer');
  if (!peak || peak.failure) return;
  const rate = Math.round(peak.of('rate') / 2);
  const pair = [peak, list[0]].map(({ row, server }) => new Series(row, server));
  for (let index = 0; index < ROUNDS; index++) for (const series of pair) await series.next({ ...LOAD, rate });
  if (pair.some(({ failure }) => failure)) return;
  const [consume, bare] = pair.map(({ of }) => `${of('p99').toFixed(1)} ms at ${round(of('rate'))} requests/s`);
  console.log(
    `\np99 at half of the peak: consume ${consume}, bare ${bare}: ${pair[0].ratioTo(pair[1], 'p99')} times (reach: 3 / 2).`,
  );
}

process.once('SIGINT', () => void stop().then(() => process.exit(130)));
try {
  await ensureBuilt();
  await startSides();
  const servers = {
    bare: await start('bench/bare-fastify.mjs', {}, /(http:\/\/\S+)/),
    plain: await start('bench/one-statement.mjs', { DATABASE_URL: sides[0].databaseUrl }, /(http:\/\/\S+)/),
  };
  const rows = selected(rowsOf(sides[0])).filter(({ server }) => !(server && profiling));
  const list = rows.map((row) => (row.server ? [servers[row.server]] : sides).map((server) => new Series(row, server)));
  for (let index = 0; index < ROUNDS; index++) {
    for (const side of sides) side.userToken = await logInUser(side);
    // The first side changes by round.
    for (const series of list) for (const each of index % 2 ? series.toReversed() : series) await each.next();
    console.error(`round ${index + 1} of ${ROUNDS} done`);
  }
  (profiling ? reportProfile : report)(list.flat());
  if (!profiling) await reportLatency(list.flat());
  console.log(
    `\n${machine()}; ${generator}, ${LOAD.connections} connections, ${ROUNDS} rounds of ${LOAD.seconds} s, medians; ` +
      `the load generator shares the cores with the service. CPU time is of a request, in microseconds.`,
  );
} finally {
  // A process waits for its debugger before it exits.
  for (const { profiler } of sides) profiler?.close();
  await stop();
}
