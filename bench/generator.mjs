import { execFile, execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { promisify } from 'node:util';
import autocannon from 'autocannon';
import { folder } from './support.mjs';

/** Drives one kind of request with wrk where it is installed, otherwise with autocannon. */
export const generator = (() => {
  try {
    execFileSync('which', ['wrk']);
    return 'wrk';
  } catch {
    return 'autocannon';
  }
})();

/**
 * One request list for both generators: `{ url, method, headers, requests: [{ path, body, method }] }`. The requests
 * are sent one after the other, from the start again at the end of the list. Every `{n}` in a path or body becomes a
 * number that no other request has. `refuse` is a text that a correct response does not contain.
 *
 * @typedef {{ connections: number, seconds: number, rate?: number }} Load `rate`: limit in requests per second
 * @returns {Promise<{ count: number, rate: number, p50: number, p99: number }>} latencies in ms
 * @throws Error that names the first wrong response
 */
export const drive = (target, load) => (generator === 'wrk' ? driveByWrk(target, load) : driveByNode(target, load));

let runs = 0;
const unique = () => `${process.pid.toString(36)}-${++runs}-`;
const run = promisify(execFile);

async function driveByWrk(target, load) {
  const { url, headers = {}, connections = load.connections } = target;
  const list = path.join(folder, 'requests.tsv');
  const { method = 'GET', requests, refuse = '' } = target;
  fs.writeFileSync(
    list,
    requests.map(({ method: own = method, path: at, body = '' }) => `${own}\t${at}\t${body}`).join('\n'),
  );
  const once = async ({ seconds, inspect }) => {
    const { stdout } = await run('wrk', [
      ...['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s'],
      ...['-s', path.join(import.meta.dirname, 'requests.lua')],
      ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
      ...[url, '--', list, unique(), String(load.rate ?? 0), inspect ? 'inspect' : '', refuse],
    ]);
    return JSON.parse(stdout.slice(stdout.lastIndexOf('\n{')));
  };
  const result = await once({ seconds: load.seconds, inspect: refuse !== '' });
  if (result.errors > 0) {
    // wrk is slower when it reads responses, so only the second run does.
    const { sample } = result.sample ? result : await once({ seconds: 1, inspect: true });
    throw new Error(`${result.errors} wrong of ${result.count} responses. ${sample}`);
  }
  return result;
}

async function driveByNode({ url, method, headers, requests, refuse, connections }, load) {
  const prefix = unique();
  let sent = 0;
  const numbered = (text) => text?.replaceAll('{n}', `${prefix}${sent}`);
  const all = requests.map((request) => ({
    method,
    ...request,
    ...(JSON.stringify(request).includes('{n}') && {
      setupRequest: (plain) => (sent++, { ...plain, path: numbered(request.path), body: numbered(request.body) }),
    }),
  }));
  let connection = 0;
  const clients = connections ?? load.connections;
  const result = await autocannon({
    url,
    headers,
    connections: clients,
    duration: load.seconds,
    overallRate: load.rate,
    requests: all.slice(0, 1),
    // Each connection starts at another offset of the list.
    setupClient: (client) => {
      const offset = Math.floor((connection++ / clients) * all.length);
      client.setRequests([...all.slice(offset), ...all.slice(0, offset)].slice(0, 2_000));
    },
    ...(refuse && { verifyBody: (body) => !body.includes(refuse) }),
  });
  const { non2xx, errors, mismatches, latency } = result;
  const count = result.requests.total;
  if (non2xx + errors + mismatches > 0)
    throw new Error(`${non2xx + errors + mismatches} wrong of ${count} responses: ${errors} without a response.`);
  return { count, rate: count / result.duration, p50: latency.p50, p99: latency.p99 };
}
