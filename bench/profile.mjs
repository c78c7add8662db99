import { WebSocket } from 'undici';

/**
 * The parts of the service, each with the files and functions that belong to it, as `function@url`. The first match
 * counts. Code without a file, such as a compiled serializer or a built-in function, and code of Node itself belong to
 * the part of their nearest caller, unless they match first.
 */
const PATTERNS = {
  access:
    /libs\/auth\/|http\/(access|throttling|plan-limit)\/|@nestjs\/(throttler|jwt|passport)|node_modules\/(passport|jsonwebtoken|jw[as]|rate-limiter)/,
  input:
    /http\/(input|pagination)\/|content-?type-?parser|secure-json-parse|class-(validator|transformer)|fastify\/lib\/validation/i,
  serializer: /^(main|anonymous\d+)@$|fast-json-stringify|^serialize\w*@|http\/(serial\w*|etag|cache)\//,
  observation: /\/(observation|in-flight|logging|metrics)\/|node_modules\/(prom-client|pino)/,
  metering: /libs\/(metering|entitlements|kernel|decisions)\/|platform\/src\/batching|temporal-polyfill/,
  'other domains': /libs\/(customers|subscriptions|catalog|events|users|accounts)\//,
  'database driver': /node_modules\/(pg|pg-\w+|postgres-\w+|typeorm)\/|platform\/src\/database/,
  framework: /node_modules\/(@nestjs|rxjs|iterare|reflect-metadata)\//,
  transport: /node_modules\/(@?fastify|find-my-way|avvio)\//,
  other: /^[^@]*@file:/,
};
const OUTSIDE = { '(garbage collector)': 'garbage collection', '(program)': 'outside JavaScript' };
export const PARTS = [...Object.keys(PATTERNS), ...Object.values(OUTSIDE)];

/** The part of a frame, or that of its caller, down to Node's own code that nothing of the service called. */
function partOf({ functionName, url }, caller) {
  const name = `${functionName}@${url}`;
  return (
    OUTSIDE[functionName] ?? Object.keys(PATTERNS).find((part) => PATTERNS[part].test(name)) ?? caller ?? 'transport'
  );
}

/** Shares of the parts in a V8 CPU profile, of the time in which the process was not idle. */
export function sharesOf({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parts = new Map();
  const visit = (id, caller) => {
    const { callFrame, children = [] } = byId.get(id);
    const part = callFrame.functionName === '(root)' ? undefined : partOf(callFrame, caller);
    parts.set(id, part);
    for (const child of children) visit(child, part);
  };
  visit(nodes[0].id);
  const time = Object.fromEntries(PARTS.map((part) => [part, 0]));
  let total = 0;
  for (const [index, id] of samples.entries()) {
    if (byId.get(id).callFrame.functionName === '(idle)') continue;
    time[parts.get(id) ?? 'other'] += timeDeltas[index];
    total += timeDeltas[index];
  }
  return Object.fromEntries(PARTS.map((part) => [part, time[part] / total]));
}

/** Takes CPU profiles of a process started with `--inspect`. */
export async function connectProfiler(inspectorUrl) {
  const socket = new WebSocket(inspectorUrl);
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
  const waiting = new Map();
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(data);
    waiting.get(id)?.(result);
    waiting.delete(id);
  };
  let last = 0;
  const send = (method, params) =>
    new Promise((resolve) => {
      waiting.set(++last, resolve);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  await send('Profiler.enable');
  await send('Profiler.setSamplingInterval', { interval: 500 });
  return {
    start: () => send('Profiler.start'),
    stop: async () => (await send('Profiler.stop')).profile,
    close: () => socket.close(),
  };
}
